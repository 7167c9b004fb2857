/** Partitions: their lists, and what they are asked. */
import { bigUint, bool, bytes32, epochs, list, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Epoch, PartitionNumber, ProviderId, SectorNumber } from '../codec/types.ts'
import { amount, maybe, u48 } from './fields.ts'

export interface OpenChallenge {
  /** The scheduled epoch of the draw. */
  readonly epoch: Epoch
  /** The list is that of this epoch: `cutoff` before the draw. */
  readonly frozenAt: Epoch
  /** The block at whose end it was opened: that which brought the randomness of its epoch. */
  readonly openedAt: Epoch
  readonly deadline: Epoch
}

export const openChallengeRecord: Struct<OpenChallenge> = struct<OpenChallenge>('OpenChallenge', {
  epoch: epochs,
  frozenAt: epochs,
  openedAt: epochs,
  deadline: epochs,
})

/** The challenge of a request to recover; its list stands in `recoveryLists`. */
export interface OpenRecovery {
  readonly epoch: Epoch
  /** Its place in the queue, to which it goes back when its challenge is void. */
  readonly requestedAt: Epoch
  readonly openedAt: Epoch
  readonly deadline: Epoch
}

export const openRecoveryRecord: Struct<OpenRecovery> = struct<OpenRecovery>('OpenRecovery', {
  epoch: epochs,
  requestedAt: epochs,
  openedAt: epochs,
  deadline: epochs,
})

export interface Partition {
  readonly profile: string
  readonly slot: number
  readonly deposit: bigint
  readonly sectors: number
  /** Places that are kept for sectors which wait for their proof. */
  readonly reserved: number
  /** How many of them are neither faulty nor over. */
  readonly sound: number
  /** Bytes that earn: of the sectors that stood in the last answered challenge and are still sound. */
  readonly power: number
  /** The index of rewards through which they are credited. */
  readonly rewardIndex: bigint
  /** What they did not earn since then, in 2⁻⁶⁴ attoGRN: some began later. */
  readonly unearned: bigint
  readonly nextPosition: number
  /** No sector of it expires before. */
  readonly firstExpiry: Epoch
  /** The last of its sectors and kept places is gone: it is never used again. */
  readonly retired: boolean
  readonly challenge: OpenChallenge | undefined
  /** Its challenge was void: its place in the set of those that are drawn again. */
  readonly redraw: number | undefined
  /** Draw of the last challenge that was answered; the block of its creation before the first. */
  readonly closedEpoch: Epoch
  /** `frozenAt` of that challenge; 0 before the first. */
  readonly closedFrozenAt: Epoch
  /** Epochs of all its gaps. */
  readonly unreached: number
  /** `frozenAt` of the last challenge that was missed: all that stood in its list are faulty until they recover. */
  readonly missedFrozenAt: Epoch
  /** Block of the request to recover that waits for its draw. */
  readonly requestedAt: Epoch | undefined
  readonly recovery: OpenRecovery | undefined
  /** Before this epoch no request to recover is taken. */
  readonly recoveryBarredUntil: Epoch
}

export const partitionRecord: Struct<Partition> = struct<Partition>('Partition', {
  profile: text(32),
  slot: uint(32),
  deposit: amount,
  sectors: uint(32),
  reserved: uint(32),
  sound: uint(32),
  power: uint(53),
  rewardIndex: bigUint(256),
  unearned: bigUint(256),
  nextPosition: u48,
  firstExpiry: epochs,
  retired: bool,
  challenge: maybe(openChallengeRecord),
  redraw: maybe(uint(32)),
  closedEpoch: epochs,
  closedFrozenAt: epochs,
  unreached: u48,
  missedFrozenAt: epochs,
  requestedAt: maybe(epochs),
  recovery: maybe(openRecoveryRecord),
  recoveryBarredUntil: epochs,
})

/** All partitions that stand in slots: what a further one deposits grows with them. */
export interface SlotsTaken {
  readonly partitions: number
}

export const slotsTakenRecord: Struct<SlotsTaken> = struct<SlotsTaken>('SlotsTaken', { partitions: uint(32) })

/** The next partition number of a provider. */
export interface NextPartition {
  readonly next: number
}

export const partitionNumberRecord: Struct<NextPartition> = struct<NextPartition>('PartitionNumber', {
  next: uint(32),
})

/** A sector in a partition's list. */
export interface Member {
  readonly number: SectorNumber
  readonly commR: Uint8Array
  readonly joinedAt: Epoch
  /** The block that declared it faulty or terminated it; 0: neither. */
  readonly leftAt: Epoch
  readonly expiry: Epoch
  /** What its deals pay an epoch: fees for what a frozen list does not prove are counted in it. */
  readonly pay: bigint
}

export const memberRecord: Struct<Member> = struct<Member>('Member', {
  number: uint(32),
  commR: bytes32,
  joinedAt: epochs,
  leftAt: epochs,
  expiry: epochs,
  pay: amount,
})

/** A missed challenge, by its `frozenAt`: through when its list had been proven before. */
export interface Miss {
  readonly at: Epoch
  readonly closedEpoch: Epoch
  readonly closedFrozenAt: Epoch
}

export const missRecord: Struct<Miss> = struct<Miss>('Miss', {
  at: epochs,
  closedEpoch: epochs,
  closedFrozenAt: epochs,
})

/** Epochs that no answer reached, (from, key]: the answer after them came too long after the one before. */
export interface Gap {
  readonly from: Epoch
  /** Epochs of the gaps before this one. */
  readonly before: number
}

export const gapRecord: Struct<Gap> = struct<Gap>('Gap', { from: epochs, before: u48 })

/** How many partitions are to be drawn again: the length of a dense array, `redraws`. */
export interface RedrawCount {
  readonly count: number
}

export const redrawCountRecord: Struct<RedrawCount> = struct<RedrawCount>('RedrawCount', { count: uint(32) })

/** A partition whose last challenge was void. */
export interface Redraw {
  readonly provider: ProviderId
  readonly partition: PartitionNumber
}

export const redrawRecord: Struct<Redraw> = struct<Redraw>('Redraw', { provider: uint(32), partition: uint(32) })

/** Positions of the sectors whose recovery is requested or challenged. */
export interface RecoveryList {
  readonly positions: readonly number[]
}

export const recoveryListRecord: Struct<RecoveryList> = struct<RecoveryList>('RecoveryList', {
  positions: list(u48, { max: 65_536 }),
})
