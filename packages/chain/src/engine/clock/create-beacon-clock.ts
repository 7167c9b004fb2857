/**
 * The clock of a chain that anybody may trust: what the machine's says at the start, if rounds of the beacon show that it is
 * right, and even time from then on. Whatever the machine's clock is set to while the node runs has no effect.
 *
 * A verified round proves that it is at least as late as when that round was public; that it is not much later shows only in
 * that rounds arrive as they are made, one each period. Relays that replay old rounds at that pace look the same as a clock
 * that is ahead, so the clock goes back by little: docs/adr/0019.
 */
import type { Genesis } from '@granary/protocol/records'
import { roundTimeMs } from '../../state/index.ts'
import type { Clock, ClockEvent, ClockTrust, Time } from './clock.ts'

export interface BeaconClockParts {
  readonly beacon: Genesis['beacon']
  readonly time: Time
  /** The operator's word that the machine's clock is right, for this start. */
  readonly trust: boolean
  readonly log: (event: ClockEvent) => void
}

/** A clock that is ahead by less, and a round that is as old as its period, are as good as right. */
const TOLERANCE_MS = 10_000
/** Rounds that come one after the other as they are made show that a clock which is further ahead than this is wrong. */
const AHEAD_MS = 5_000
const ROUNDS_TO_SHOW = 3
/** Between a round's time and its arrival, when nothing else is known. */
const ARRIVAL_MS = 1_000
/** Of all steps back together once the clock is proven: each could be the work of relays that hold rounds back. */
const BACK_IN_ALL_MS = 60_000
/** At a start: a machine's clock that seems to be further ahead is for the operator to judge. */
const BACK_AT_START_MS = 600_000

interface Arrival {
  readonly round: number
  readonly atMs: number
}

export function createBeaconClock({ beacon, time, trust: isTrusted, log }: BeaconClockParts): Clock {
  const startedAtMs = time.monotonicMs()
  const machineAtStartMs = time.machineMs()
  /** What is added to even time; the machine's, until the beacon has shown otherwise. */
  let offsetMs = machineAtStartMs - startedAtMs
  let trust: ClockTrust = isTrusted ? 'trusted' : 'unproven'
  let newest: Arrival | undefined
  let backMs = 0
  let disputedMs: number | undefined
  /** The last rounds that came one after the other, as they were made, while the clock was ahead of them. */
  let behind: Arrival[] = []

  const publicMs = (round: number): number => roundTimeMs({ beacon }, round)

  function isNext(last: Arrival | undefined, { round, atMs }: Arrival): boolean {
    if (last === undefined || round !== last.round + 1) return false
    // What a beacon makes up for comes faster.
    return Math.abs(atMs - last.atMs - beacon.periodMs) <= beacon.periodMs / 3
  }

  function prove(arrival: Arrival, nowMs: number): void {
    const aheadMs = offsetMs + arrival.atMs - nowMs
    trust = 'proven'
    offsetMs = nowMs - arrival.atMs
    log({ type: 'clock:proven', round: arrival.round, aheadMs })
  }

  function step(arrival: Arrival, nowMs: number): void {
    const byMs = nowMs - (offsetMs + arrival.atMs)
    offsetMs += byMs
    log({ type: 'clock:stepped', round: arrival.round, byMs })
  }

  function weighForward(arrival: Arrival): void {
    const earliestMs = publicMs(arrival.round)
    const nowMs = offsetMs + arrival.atMs
    if (trust === 'proven') {
      if (nowMs < earliestMs) step(arrival, earliestMs)
    } else if (nowMs < earliestMs) prove(arrival, earliestMs)
    else if (nowMs <= earliestMs + TOLERANCE_MS + beacon.periodMs) prove(arrival, nowMs)
  }

  function weighBack(arrival: Arrival, isNew: boolean): void {
    const isAhead = offsetMs + arrival.atMs > publicMs(arrival.round) + AHEAD_MS
    if (!isAhead) disputedMs = undefined
    if (!isNew || !isAhead) behind = []
    else behind = isNext(behind.at(-1), arrival) ? [...behind, arrival] : [arrival]
    if (behind.length < ROUNDS_TO_SHOW) return
    behind = []
    const nowMs = publicMs(arrival.round) + ARRIVAL_MS
    const aheadMs = offsetMs + arrival.atMs - nowMs
    const isProven = trust === 'proven'
    if (aheadMs > (isProven ? BACK_IN_ALL_MS - backMs : BACK_AT_START_MS)) {
      disputedMs = aheadMs
      log({ type: 'clock:ahead', round: arrival.round, aheadMs })
      return
    }
    disputedMs = undefined
    if (isProven) {
      backMs += aheadMs
      step(arrival, nowMs)
    } else prove(arrival, nowMs)
  }

  return {
    nowMs: () => (trust === 'unproven' ? undefined : offsetMs + time.monotonicMs()),
    heard: (round) => {
      if (newest !== undefined && round <= newest.round) return
      const arrival = { round, atMs: time.monotonicMs() }
      // The first that is heard of may be as old as the relay likes.
      const isNew = newest !== undefined
      newest = arrival
      weighForward(arrival)
      weighBack(arrival, isNew)
    },
    get status() {
      const atMs = time.monotonicMs()
      const dispute =
        disputedMs === undefined ? undefined : { clockMs: offsetMs + atMs, beaconMs: offsetMs + atMs - disputedMs }
      return { trust, newestRound: newest?.round, silentMs: atMs - (newest?.atMs ?? startedAtMs), dispute }
    },
  }
}
