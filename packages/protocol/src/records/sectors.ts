/** Sectors, and what of their time is decided. */
import { bytes32, choice, epochs, list, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { DealId, Epoch, PartitionNumber } from '../codec/types.ts'
import { amount, maybe, u48 } from './fields.ts'

export type SectorStatus = 'precommitted' | 'active' | 'ended' | 'terminated' | 'failed'

/** Where and since when a proven sector is challenged. */
export interface Placement {
  readonly partition: PartitionNumber
  /** In the partition's list. */
  readonly position: number
  readonly activatedAt: Epoch
  /** The activation, or the draw of the last recovery: what comes before is decided. */
  readonly since: Epoch
  /** The block in which it joined the list: challenges that were frozen earlier do not ask for it. */
  readonly listedAt: Epoch
  /** Epochs of its faulted spans that ended with a recovery. */
  readonly faultedEpochs: number
}

export const placementRecord: Struct<Placement> = struct<Placement>('Placement', {
  partition: uint(32),
  position: u48,
  activatedAt: epochs,
  since: epochs,
  listedAt: epochs,
  faultedEpochs: u48,
})

export interface Stop {
  /** The epoch through which it is proven. */
  readonly proven: Epoch
  /** The same, or the draw of its last answer when that proved a tail after it: no later gap takes anything from it. */
  readonly drawn: Epoch
  readonly at: Epoch
}

export const stopRecord: Struct<Stop> = struct<Stop>('Stop', { proven: epochs, drawn: epochs, at: epochs })

export interface Sector {
  /** `failed`: not proven in time. `ended`: over, after its expiry. `terminated`: over, before it. */
  readonly status: SectorStatus
  readonly profile: string
  readonly commD: Uint8Array
  readonly commR: Uint8Array
  readonly ticketEpoch: Epoch
  readonly preCommitEpoch: Epoch
  readonly commitBy: Epoch
  readonly expiry: Epoch
  readonly deals: readonly DealId[]
  readonly deposit: bigint
  readonly pledge: bigint
  /** The latest end that its deals have had; 0 without deals, and before it is proven. */
  readonly dealsEnd: Epoch
  /** What its deals pay an epoch, together; fees for faults are counted in it. */
  readonly pay: bigint
  /** The partition in which a place is kept for it, until it is proven or its time to be has passed. */
  readonly reservation: PartitionNumber | undefined
  readonly placement: Placement | undefined
  /** Declared faulty, terminated or ended: no later answer of its partition proves it. */
  readonly stopped: Stop | undefined
}

export const sectorRecord: Struct<Sector> = struct<Sector>('Sector', {
  status: choice('precommitted', 'active', 'ended', 'terminated', 'failed'),
  profile: text(32),
  commD: bytes32,
  commR: bytes32,
  ticketEpoch: epochs,
  preCommitEpoch: epochs,
  commitBy: epochs,
  expiry: epochs,
  deals: list(u48, { max: 256 }),
  deposit: amount,
  pledge: amount,
  dealsEnd: epochs,
  pay: amount,
  reservation: maybe(uint(32)),
  placement: maybe(placementRecord),
  stopped: maybe(stopRecord),
})

/** A range of sector numbers that were used, by its end. */
export interface UsedNumbers {
  readonly start: number
}

export const usedNumbersRecord: Struct<UsedNumbers> = struct<UsedNumbers>('UsedNumbers', { start: uint(32) })

/** A faulted span of a sector that ended with a recovery, (start, key]. */
export interface FaultedSpan {
  readonly start: Epoch
  /** Epochs of the faulted spans before this one. */
  readonly before: number
}

export const faultedSpanRecord: Struct<FaultedSpan> = struct<FaultedSpan>('FaultedSpan', { start: epochs, before: u48 })
