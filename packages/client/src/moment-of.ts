/** When an epoch is, for messages: `2030-01-31 00:00 UTC (epoch 1234)`. */
import { type ChainTime, epochTimeMs } from '@granary/protocol/epochs'
import type { Epoch } from '@granary/protocol/messages'

export function momentOf(epoch: Epoch, time: ChainTime): string {
  return `${minuteOf(new Date(epochTimeMs(epoch, time)))} (epoch ${epoch})`
}

/** `2030-01-31 00:00 UTC` */
export function minuteOf(date: Date): string {
  // The chain counts further than dates go.
  if (Number.isNaN(date.getTime())) return 'the end of time'
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
