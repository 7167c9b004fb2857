/**
 * Whose clock is wrong, and by how much. Every HTTP answer says what time its machine has; where most of the others agree,
 * they are right. Quotes and blocks are refused from a few seconds on.
 */
import { formatDuration } from '../print/times.ts'
import type { Finding } from './finding.ts'

/** HTTP tells whole seconds, and the answer was on its way. */
const OFF_MIN_MS = 5_000

export interface PeerClock {
  /** `the chain node`, `provider 1000`. */
  readonly whose: string
  /** Ahead of this machine's, negative behind. */
  readonly aheadMs: number
}

export function checkClock(peers: readonly PeerClock[]): Finding {
  const check = 'clock'
  const details = { peers }
  if (peers.length === 0) return { check, state: 'skipped', says: 'nobody answers whose clock could be compared' }
  const middle = medianOf(peers.map(({ aheadMs }) => aheadMs))
  if (Math.abs(middle) > OFF_MIN_MS) {
    const says = `this machine's clock is ${formatDuration(Math.abs(middle))} ${middle > 0 ? 'behind' : 'ahead of'} that of ${peers.map(({ whose }) => whose).join(', ')}`
    return { check, state: 'wrong', says, fix: 'set it, best by NTP', code: 'CLOCK_WRONG', details }
  }
  const off = peers.filter(({ aheadMs }) => Math.abs(aheadMs - middle) > OFF_MIN_MS)
  if (off.length === 0)
    return {
      check,
      state: 'ok',
      says: `agrees with ${peers.length === 1 ? peers[0]!.whose : `${peers.length} others`}`,
      details,
    }
  const says = off
    .map(
      ({ whose, aheadMs }) =>
        `that of ${whose} is ${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead' : 'behind'}`,
    )
    .join(', ')
  return { check, state: 'note', says, fix: 'tell who runs it; this machine is right', details }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
