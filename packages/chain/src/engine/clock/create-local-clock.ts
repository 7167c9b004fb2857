/**
 * The clock of a devnet, whose rounds prove nothing: the machine's at the start, then even time, so that setting the machine's
 * clock back changes nothing. It goes along when that is far ahead, as after a laptop has slept.
 */
import type { Clock, Time } from './clock.ts'

const AHEAD_MAX_MS = 10_000

/** @param headTimeMs: of the last block; the next is later */
export function createLocalClock({ monotonicMs, machineMs }: Time, headTimeMs: number): Clock {
  let offsetMs = Math.max(machineMs(), headTimeMs + 1) - monotonicMs()
  return {
    nowMs: () => {
      const machine = machineMs()
      if (machine > offsetMs + monotonicMs() + AHEAD_MAX_MS) offsetMs = machine - monotonicMs()
      return offsetMs + monotonicMs()
    },
    heard: () => undefined,
    status: { trust: 'local', newestRound: undefined, silentMs: 0, dispute: undefined },
  }
}
