/** Epochs as people know time: dates and durations, with the epochs beside them. */
import { type ChainTime, epochTimeMs } from '@granary/protocol/epochs'

export type { ChainTime }

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** The two largest units: `180 d`, `2 d 3 h`, `1 min 5 s`, `12 s`, `0 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000)) * 1_000
  const first = UNITS.findIndex(([, unitMs]) => seconds >= unitMs)
  if (first === -1) return '0 s'
  const [[name, unitMs], next] = [UNITS[first]!, UNITS[first + 1]]
  const count = Math.floor(seconds / unitMs)
  const rest = next === undefined ? 0 : Math.floor((seconds % unitMs) / next[1])
  return rest === 0 ? `${count} ${name}` : `${count} ${name} ${rest} ${next![0]}`
}

/** `180 d (3110400 epochs)` */
export function formatEpochs(epochs: number, { blockTimeMs }: Pick<ChainTime, 'blockTimeMs'>): string {
  return `${formatDuration(epochs * blockTimeMs)} (${epochs} ${epochs === 1 ? 'epoch' : 'epochs'})`
}

export function dateOfEpoch(epoch: number, time: ChainTime): Date {
  return new Date(epochTimeMs(epoch, time))
}

/** `2026-12-01 14:03 UTC` */
export function formatDate(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** `2026-12-01 14:03 UTC, in 2 d 3 h (epoch 1234)`, or `… UTC, 5 min ago (epoch 12)`. */
export function formatEpoch(epoch: number, time: ChainTime): string {
  const awayMs = (epoch - time.height) * time.blockTimeMs
  const away = awayMs >= 0 ? `in ${formatDuration(awayMs)}` : `${formatDuration(-awayMs)} ago`
  return `${formatDate(dateOfEpoch(epoch, time))}, ${away} (epoch ${epoch})`
}
