/**
 * How long before the end of a deal's window its sector is closed: to be late costs the deal and its collateral, to be early
 * costs the room that the sector leaves empty. Only what this machine and the chain's rules take counts: what a sector waited
 * for, an outage, money or a start, says nothing of the next one.
 */
import type { SealingTime } from '../sectors/store.ts'

/** A sector is given the median of the last ones, and half as long again. */
const RESERVE = 1.5
/** For the two messages of a sector to get into blocks. */
const MESSAGE_EPOCHS = 10

/** @returns undefined: nothing is measured yet */
export function sealingReserveMs(times: readonly SealingTime[], blockTimeMs: number): number | undefined {
  if (times.length === 0) return undefined
  const took = times
    .map(({ machineMs, seedEpochs }) => machineMs + (seedEpochs + MESSAGE_EPOCHS) * blockTimeMs)
    .toSorted((a, b) => a - b)
  return RESERVE * took[Math.floor(took.length / 2)]!
}
