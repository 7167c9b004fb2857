/**
 * The time of the next block, or why there can be none yet: nothing shows what time it is, the head is ahead of it, or the
 * beacon has been silent for as long as the chain goes on without it.
 */
import { type ErrorCode, GranaryError } from '@granary/base'
import type { Clock, ClockDispute, ClockStatus } from './clock.ts'

export interface BlockTimes {
  /** @returns undefined when no block can be made now; then `stalled` says why, unless it is a matter of milliseconds */
  next(headTimeMs: number): number | undefined
  readonly stalled: ChainStalledError | undefined
}

export interface BlockTimesParts {
  readonly clock: Clock
  readonly blockTimeMs: number
  /** Told each minute while there are no blocks. */
  readonly log: (error: ChainStalledError) => void
  /** The latest that the rules allow, with the newest round that is known. */
  readonly latestMs: () => number
  readonly monotonicMs: () => number
}

const REMIND_MS = 60_000

export function createBlockTimes({ clock, blockTimeMs, log, latestMs, monotonicMs }: BlockTimesParts): BlockTimes {
  let stalled: ChainStalledError | undefined
  let remindedAtMs = Number.NEGATIVE_INFINITY

  function wait(error: ChainStalledError | undefined): undefined {
    if (error === undefined) return
    stalled = error
    if (monotonicMs() < remindedAtMs + REMIND_MS) return
    remindedAtMs = monotonicMs()
    log(error)
  }

  return {
    next: (headTimeMs) => {
      const nowMs = clock.nowMs()
      if (nowMs === undefined) return wait(unproven(clock.status))
      const timeMs = Math.floor(nowMs)
      if (timeMs <= headTimeMs)
        return wait(headTimeMs - timeMs > blockTimeMs ? aheadOf(headTimeMs - timeMs) : undefined)
      if (timeMs > latestMs()) return wait(silent(clock.status))
      stalled = undefined
      remindedAtMs = Number.NEGATIVE_INFINITY
      return timeMs
    },
    get stalled() {
      return stalled
    },
  }
}

/** CLOCK_UNPROVEN, HEAD_AHEAD, BEACON_SILENT: there are no blocks at present, and nothing is lost by it. */
export class ChainStalledError extends GranaryError {
  constructor(given: { readonly code: ErrorCode; readonly message: string; readonly hint: string }) {
    super(given)
  }
}

/** While a clock says no time: nobody makes a block then, or votes for one. */
export function unproven({ newestRound, dispute }: ClockStatus): ChainStalledError {
  if (dispute !== undefined) {
    return new ChainStalledError({
      code: 'CLOCK_UNPROVEN',
      message: `nothing shows what time it is, so no block is made: ${bothTimes(dispute)}`,
      hint: 'if the clock of the machine is wrong, set it and start the node again; if it is right, the relays replay old rounds: name others by --beacon, or start with --trust-clock',
    })
  }
  const what =
    newestRound === undefined ? 'no relay of the beacon has answered' : `since round ${newestRound} no three have come`
  return new ChainStalledError({
    code: 'CLOCK_UNPROVEN',
    message: `nothing shows what time it is, so no block is made: ${what}`,
    hint: 'let the node reach a relay of the beacon, by --beacon or the network; or set the clock of the machine and start with --trust-clock',
  })
}

function aheadOf(ms: number): ChainStalledError {
  return new ChainStalledError({
    code: 'HEAD_AHEAD',
    message: `the last block is ${Math.ceil(ms / 1_000)} s ahead of the time, so no block is made until then`,
    hint: 'wait: it was made by a clock that was ahead, or the genesis names a time to come; if the clock of the machine is behind, set it',
  })
}

function bothTimes({ clockMs, beaconMs }: ClockDispute): string {
  const [ours, theirs] = [clockMs, beaconMs].map((ms) => new Date(ms).toISOString())
  return `the clock says ${ours}, and the rounds of the beacon come as if it were ${theirs}`
}

/** When no round that is known proves a time as late as that of the next block. */
export function silent({ silentMs, dispute }: ClockStatus): ChainStalledError {
  if (dispute !== undefined) {
    return new ChainStalledError({
      code: 'BEACON_SILENT',
      message: `no round of the beacon is new enough to make blocks with: ${bothTimes(dispute)}`,
      hint: 'if the clock is wrong, set that of the machine and start the node again; if it is right, the relays hold rounds back: name others by --beacon',
    })
  }
  return new ChainStalledError({
    code: 'BEACON_SILENT',
    message: `no round of the beacon has come for ${Math.floor(silentMs / 1_000)} s, longer than blocks are made without`,
    hint: 'let the node reach a relay of the beacon, by --beacon or the network; the chain goes on by itself then',
  })
}
