/** Epochs as people know time: dates and durations, with the epochs beside them. */
import {
  type ChainTime,
  epochTimeMs,
  formatDate,
  formatDuration,
  formatEpochs,
  momentOf,
} from '@granary/protocol/epochs'

export { type ChainTime, formatDate, formatDuration, formatEpochs, momentOf }

export function dateOfEpoch(epoch: number, time: ChainTime): Date {
  return new Date(epochTimeMs(epoch, time))
}

const NOW_MS = 1_000

/** `2026-12-01 14:03 UTC, in 2 d 3 h (epoch 1234)`, or `… UTC, 5 min ago (epoch 12)`, or `… UTC, now (epoch 5)`. */
export function formatEpoch(epoch: number, time: ChainTime): string {
  const awayMs = (epoch - time.height) * time.blockTimeMs
  const duration = formatDuration(Math.abs(awayMs))
  const away = Math.abs(awayMs) < NOW_MS ? 'now' : awayMs > 0 ? `in ${duration}` : `${duration} ago`
  return `${formatDate(dateOfEpoch(epoch, time))}, ${away} (epoch ${epoch})`
}
