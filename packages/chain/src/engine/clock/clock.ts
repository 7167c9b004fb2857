/** What the engine takes the time of its blocks from: docs/spec/chain.md section 6, Time. */

export interface Clock {
  /** The time; undefined while nothing shows that it is that. */
  nowMs(): number | undefined
  /** A round that was verified just now. */
  heard(round: number): void
  readonly status: ClockStatus
}

/** `proven`: by rounds of the beacon. `trusted`: by the operator, for this start. `local`: a devnet's, by the machine alone. */
export type ClockTrust = 'proven' | 'trusted' | 'unproven' | 'local'

export interface ClockStatus {
  readonly trust: ClockTrust
  /** Of the beacon; undefined before the first, and on a devnet. */
  readonly newestRound: number | undefined
  /** For how long no new one has come. */
  readonly silentMs: number
  /** Rounds come as if the clock were ahead by more than it goes back without an operator: which is right they cannot show. */
  readonly dispute: ClockDispute | undefined
}

export interface ClockDispute {
  readonly clockMs: number
  /** If the rounds that come are the newest there are. */
  readonly beaconMs: number
}

export type ClockEvent =
  /** Blocks have a time from now on; `aheadMs`: of the machine's clock, as far as the beacon has shown it to be off. */
  | { readonly type: 'clock:proven'; readonly round: number; readonly aheadMs: number }
  | { readonly type: 'clock:stepped'; readonly round: number; readonly byMs: number }
  /** Rounds come as if the clock were ahead, by more than it is set back without an operator. */
  | { readonly type: 'clock:ahead'; readonly round: number; readonly aheadMs: number }

/** Time that passes evenly, whatever the machine's clock is set to. */
export interface Time {
  monotonicMs(): number
  /** What the machine's clock says, in milliseconds since 1970. */
  machineMs(): number
}

export const machineTime: Time = { monotonicMs: () => performance.now(), machineMs: () => Date.now() }
