/** What an epoch is in time, as the head shows it: blocks that are to come may be early or late, so what is said of them is an estimate. */
import type { ChainStatus } from '../chain-api/answers.ts'

/** The head and the block time, as `ChainClient.status` has them. */
export type ChainTime = Pick<ChainStatus, 'height' | 'timeMs' | 'blockTimeMs'>

/** The least number of epochs that last so long: nobody gets less than was asked for. */
export function epochsIn(ms: number, { blockTimeMs }: Pick<ChainTime, 'blockTimeMs'>): number {
  return Math.ceil(ms / blockTimeMs)
}

/** Milliseconds since 1970. */
export function epochTimeMs(epoch: number, { height, timeMs, blockTimeMs }: ChainTime): number {
  return timeMs + (epoch - height) * blockTimeMs
}

/** `2030-01-31 00:00 UTC` */
export function formatDate(date: Date): string {
  // The chain counts further than dates go.
  if (Number.isNaN(date.getTime())) return 'the end of time'
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** `2030-01-31 00:00 UTC (epoch 1234)` */
export function momentOf(epoch: number, time: ChainTime): string {
  return `${formatDate(new Date(epochTimeMs(epoch, time)))} (epoch ${epoch})`
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** The two largest units: `180 d`, `2 d 3 h`, `1 min 5 s`, `12 s`, `0 s`. */
export function formatDuration(ms: number): string {
  let left = Math.max(0, Math.round(ms / 1_000))
  let text = ''
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(left / seconds)
    left %= seconds
    if (text !== '') return count === 0 ? text : `${text} ${count} ${unit}`
    if (count > 0) text = `${count} ${unit}`
  }
  return text || '0 s'
}

/** `180 d (3110400 epochs)` */
export function formatEpochs(epochs: number, { blockTimeMs }: Pick<ChainTime, 'blockTimeMs'>): string {
  return `${formatDuration(epochs * blockTimeMs)} (${epochs} ${epochs === 1 ? 'epoch' : 'epochs'})`
}
