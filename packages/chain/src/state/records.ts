/** All that the chain remembers: the records of the state and the tables they stand in. docs/spec/chain.md section 7. */
import { dealTerms } from '../messages/deal-terms.ts'
import {
  address,
  bigUint,
  bool,
  bytes,
  bytes32,
  choice,
  epochs,
  type Field,
  hexBytes,
  list,
  peerId,
  text,
  uint,
} from '../messages/field.ts'
import type { Address, DealTerms, Epoch, Hash, SetAsk } from '../messages/index.ts'
import { type Struct, struct } from '../messages/struct.ts'
import { type Table, table } from './table.ts'

/** A value that may be missing, in a record: a list of none or one. */
export type Maybe<T> = readonly [T] | readonly []

export interface Head {
  readonly height: number
  /** Header time. */
  readonly timeMs: number
}

/** Where all the money is, kept beside the records that hold it: section 4, Invariant. */
export interface Totals {
  readonly genesis: bigint
  readonly minted: bigint
  readonly burnt: bigint
  readonly balances: bigint
  readonly escrow: bigint
  readonly collateralFree: bigint
  readonly collateralLocked: bigint
  readonly vesting: bigint
}

/** How much general messages cost at present: base-fee.ts. */
export interface FeeLevel {
  /** In millionths. */
  readonly level: bigint
}

/** The capacity stream: section 4, Rewards. */
export interface Rewards {
  /** What one byte that always earned would have earned since the genesis, in 2⁻⁶⁴ attoGRN. */
  readonly index: bigint
  /** Bytes that earn, of all partitions. */
  readonly power: bigint
}

/** What was minted for a provider and is not released yet. */
export interface Vesting {
  readonly locked: bigint
  /** The block through which it is released. */
  readonly through: Epoch
  /** In the order of their starts; those that are over are gone. */
  readonly tranches: readonly Tranche[]
}

/** Released linearly over `vesting` epochs from its start. */
export interface Tranche {
  readonly start: Epoch
  readonly amount: bigint
}

/** Starts of tranches that lie in one vesting time. */
export const VESTING_STEPS = 32

export interface NextIds {
  readonly provider: number
  readonly deal: number
}

export interface Account {
  readonly balance: bigint
  /** Locked in the account's deals. */
  readonly escrow: bigint
}

export interface SessionKey {
  readonly scopes: readonly string[]
  readonly expires: Epoch
  readonly spendingLimit: bigint
  readonly spent: bigint
}

export interface Provider {
  readonly owner: Address
  readonly payout: Address
  /** 32 bytes or none. */
  readonly sessionKey: Uint8Array
  readonly endpoints: readonly string[]
  readonly peerId: string
  readonly region: string
  readonly name: string
  readonly registeredAt: Epoch
  readonly collateralFree: bigint
  readonly collateralLocked: bigint
  /** Fees that no free collateral was left for: paid first by whatever becomes free. */
  readonly debt: bigint
}

export type Ask = Omit<SetAsk, 'provider'>

export interface Deal {
  readonly terms: DealTerms
  readonly agreementId: Hash
  readonly publishedAt: Epoch
  /** The last epoch in which its sector may be pre-committed and still count; afterwards it lapses. */
  readonly lapsesAt: Epoch
  /** The sector that binds it. It binds as long as that sector has not failed. */
  readonly sector: Maybe<number>
  /** Set by the settlement that closed it; until then its state follows from its sector and the height. */
  readonly closed: 'no' | 'expired' | 'lapsed' | 'terminated' | 'cancelled'
  /** Epochs that are paid, from activation: those of the terms, and what was added or cancelled. */
  readonly duration: number
  readonly cancelled: boolean
  /** Of the client's money. */
  readonly locked: bigint
  /** Of the provider's collateral. */
  readonly collateral: bigint
  readonly paid: bigint
  readonly burnt: bigint
  readonly refunded: bigint
  /** From the provider's collateral to the client, when its sector was lost or the deal ended in a fault. */
  readonly compensated: bigint
  readonly provenEpochs: number
  readonly faultedEpochs: number
  /** Epoch through which it is settled; 0 before the first settlement. */
  readonly settledThrough: Epoch
}

export type SectorStatus = 'precommitted' | 'active' | 'ended' | 'terminated' | 'failed'

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
  readonly deals: readonly number[]
  readonly deposit: bigint
  readonly pledge: bigint
  /** What its deals pay an epoch, together; fees for faults are counted in it. */
  readonly pay: bigint
  readonly placement: Maybe<Placement>
  /** Declared faulty, terminated or ended: no later answer of its partition proves it. */
  readonly stopped: Maybe<Stop>
}

/** Where and since when a proven sector is challenged. */
export interface Placement {
  readonly partition: number
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

export interface Stop {
  /** The epoch through which it is proven. */
  readonly proven: Epoch
  readonly at: Epoch
}

export interface OpenChallenge {
  /** The scheduled epoch of the draw. */
  readonly epoch: Epoch
  /** The list is that of this epoch: `cutoff` before the draw. */
  readonly frozenAt: Epoch
  readonly deadline: Epoch
  /** Header time of the epoch of the draw. */
  readonly drawnAtMs: number
  /** What the partition earned an epoch when it was drawn: what a fee for missing it is counted in, whatever is declared meanwhile. */
  readonly income: bigint
  /** Where the index of rewards stood in the block that opened it: an answer proves what was earned until then. */
  readonly rewardIndex: bigint
}

/** The challenge of a request to recover; its list stands in `recoveryLists`. */
export interface OpenRecovery {
  readonly epoch: Epoch
  readonly deadline: Epoch
  readonly drawnAtMs: number
}

export interface Partition {
  readonly profile: string
  readonly slot: number
  readonly deposit: bigint
  readonly sectors: number
  /** How many of them are neither faulty nor over, and what the deals of those pay an epoch. */
  readonly sound: number
  readonly pay: bigint
  /** Bytes that earn: of the sectors that stood in the last answered challenge and are still sound. */
  readonly power: number
  /** The index of rewards through which they are credited. */
  readonly rewardIndex: bigint
  /** What they did not earn since then, in 2⁻⁶⁴ attoGRN: some began later. */
  readonly unearned: bigint
  readonly nextPosition: number
  /** No sector of it expires before. */
  readonly firstExpiry: Epoch
  /** Its last sector left: it is never used again. */
  readonly retired: boolean
  readonly challenge: Maybe<OpenChallenge>
  /** Draw of the last challenge that was answered; 0 before the first. */
  readonly closedEpoch: Epoch
  /** `frozenAt` of that challenge. */
  readonly closedFrozenAt: Epoch
  /** `frozenAt` of the last challenge that was missed: all that stood in its list are faulty until they recover. */
  readonly missedFrozenAt: Epoch
  /** Block of the request to recover that waits for its draw. */
  readonly requestedAt: Maybe<Epoch>
  readonly recovery: Maybe<OpenRecovery>
  /** Before this epoch no request to recover is taken. */
  readonly recoveryBarredUntil: Epoch
}

/** A sector in a partition's list. */
export interface Member {
  readonly number: number
  readonly commR: Uint8Array
  readonly joinedAt: Epoch
  /** The block that declared it faulty or terminated it; 0: neither. */
  readonly leftAt: Epoch
  readonly expiry: Epoch
  readonly pay: bigint
}

/** A missed challenge, by its `frozenAt`: through when its list had been proven before. */
export interface Miss {
  readonly at: Epoch
  readonly closedEpoch: Epoch
  readonly closedFrozenAt: Epoch
}

/** A faulted span of a sector that ended with a recovery, (start, key]. */
export interface FaultedSpan {
  readonly start: Epoch
  /** Epochs of the faulted spans before this one. */
  readonly before: number
}

export interface EpochRecord {
  readonly round: number
  readonly timeMs: number
}

export interface PermutationEntry {
  readonly period: number
  readonly slot: number
}

function maybe<T>(inner: Field<T>): Field<Maybe<T>> {
  return list(inner, { max: 1 }) as unknown as Field<Maybe<T>>
}

const u48 = uint(48)
const amount = bigUint(128)
const marker: Struct<object> = struct<object>('Marker', {})

const single = <T>(name: string, record: Struct<T>): Table<[], T> => table<[], T>(name, [], record)

export const tables: {
  readonly head: Table<[], Head>
  readonly totals: Table<[], Totals>
  readonly feeLevel: Table<[], FeeLevel>
  readonly rewards: Table<[], Rewards>
  readonly nextIds: Table<[], NextIds>
  /** Epoch through which challenges have been drawn or given up. */
  readonly draws: Table<[], { readonly through: Epoch }>
  readonly accounts: Table<[address: Address], Account>
  readonly lanes: Table<[address: Address, lane: number], { readonly next: number }>
  readonly sessionKeys: Table<[address: Address, publicKey: string], SessionKey>
  readonly providers: Table<[provider: number], Provider>
  readonly vesting: Table<[provider: number], Vesting>
  readonly asks: Table<[provider: number], Ask>
  readonly deals: Table<[deal: number], Deal>
  readonly agreements: Table<[agreementId: Hash], { readonly deal: number }>
  readonly sectors: Table<[provider: number, number: number], Sector>
  /** Used sector numbers as ranges [start, end], by their end. */
  readonly usedNumbers: Table<[provider: number, end: number], { readonly start: number }>
  readonly commitDeadlines: Table<[commitBy: Epoch, provider: number, number: number], object>
  readonly partitions: Table<[provider: number, partition: number], Partition>
  /** The next partition number of a provider. */
  readonly partitionNumbers: Table<[provider: number], { readonly next: number }>
  readonly members: Table<[provider: number, partition: number, position: number], Member>
  /** Partitions that take sectors, unless a challenge is open. */
  readonly partitionsWithRoom: Table<[provider: number, profile: string, partition: number], object>
  readonly slotPartitions: Table<[slot: number, provider: number, partition: number], object>
  readonly slotsByLoad: Table<[load: number, slot: number], object>
  readonly challengeDeadlines: Table<[deadline: Epoch, provider: number, partition: number], object>
  readonly misses: Table<[provider: number, partition: number, frozenAt: Epoch], Miss>
  readonly faultedSpans: Table<[provider: number, sector: number, end: Epoch], FaultedSpan>
  /** When the faults of a partition may have become too old. */
  readonly faultDeadlines: Table<[epoch: Epoch, provider: number, partition: number], object>
  /** When a terminated sector may be forgotten by its list: no challenge that asks for it can be drawn any more. */
  readonly departures: Table<[epoch: Epoch, provider: number, partition: number, position: number], object>
  /** Positions of the sectors whose recovery is requested or challenged. */
  readonly recoveryLists: Table<[provider: number, partition: number], { readonly positions: readonly number[] }>
  readonly recoveryQueue: Table<[requestedAt: Epoch, provider: number, partition: number], object>
  readonly recoveryDeadlines: Table<[deadline: Epoch, provider: number, partition: number], object>
  readonly permutation: Table<[index: number], PermutationEntry>
  readonly epochs: Table<[epoch: Epoch], EpochRecord>
  readonly rounds: Table<[round: number], { readonly signature: Uint8Array }>
  /** Rounds that an epoch has asked for and that no block has brought yet. */
  readonly wantedRounds: Table<[round: number], object>
} = {
  head: single('head', struct('Head', { height: u48, timeMs: uint(53) })),
  totals: single(
    'totals',
    struct('Totals', {
      genesis: amount,
      minted: amount,
      burnt: amount,
      balances: amount,
      escrow: amount,
      collateralFree: amount,
      collateralLocked: amount,
      vesting: amount,
    }),
  ),
  feeLevel: single('fee-level', struct('FeeLevel', { level: bigUint(64) })),
  rewards: single('rewards', struct<Rewards>('Rewards', { index: bigUint(256), power: bigUint(128) })),
  nextIds: single('next-ids', struct('NextIds', { provider: uint(32), deal: u48 })),
  draws: single('draws', struct('Draws', { through: epochs })),
  accounts: table('account', ['address'], struct('Account', { balance: amount, escrow: amount })),
  lanes: table('lane', ['address', 'lane'], struct('Lane', { next: uint(53) })),
  sessionKeys: table(
    'session-key',
    ['address', 'publicKey'],
    struct<SessionKey>('SessionKey', {
      scopes: list(text(32), { max: 32 }),
      expires: epochs,
      spendingLimit: amount,
      spent: amount,
    }),
  ),
  providers: table(
    'provider',
    ['provider'],
    struct<Provider>('Provider', {
      owner: address,
      payout: address,
      sessionKey: bytes(0, 32),
      endpoints: list(text(256), { max: 8 }),
      peerId,
      region: text(64),
      name: text(64),
      registeredAt: epochs,
      collateralFree: amount,
      collateralLocked: amount,
      debt: amount,
    }),
  ),
  vesting: table(
    'vesting',
    ['provider'],
    struct<Vesting>('Vesting', {
      locked: amount,
      through: epochs,
      // A point of the grid before the vesting time, one after now, and those between.
      tranches: list(struct<Tranche>('Tranche', { start: epochs, amount }), { max: VESTING_STEPS + 2 }),
    }),
  ),
  asks: table(
    'ask',
    ['provider'],
    struct<Ask>('Ask', {
      pricePerGiBEpoch: amount,
      pieceSizeMin: uint(53),
      pieceSizeMax: uint(53),
      durationMin: epochs,
      durationMax: epochs,
      profiles: list(text(32), { max: 16 }),
      validUntil: epochs,
    }),
  ),
  deals: table(
    'deal',
    ['deal'],
    struct<Deal>('Deal', {
      terms: dealTerms,
      agreementId: hexBytes(32),
      publishedAt: epochs,
      lapsesAt: epochs,
      sector: maybe(uint(32)),
      closed: choice('no', 'expired', 'lapsed', 'terminated', 'cancelled'),
      duration: epochs,
      cancelled: bool,
      locked: amount,
      collateral: amount,
      paid: amount,
      burnt: amount,
      refunded: amount,
      compensated: amount,
      provenEpochs: u48,
      faultedEpochs: u48,
      settledThrough: epochs,
    }),
  ),
  agreements: table('agreement', ['agreementId'], struct('Agreement', { deal: u48 })),
  sectors: table(
    'sector',
    ['provider', 'number'],
    struct<Sector>('Sector', {
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
      pay: amount,
      placement: maybe(
        struct<Placement>('Placement', {
          partition: uint(32),
          position: u48,
          activatedAt: epochs,
          since: epochs,
          listedAt: epochs,
          faultedEpochs: u48,
        }),
      ),
      stopped: maybe(struct<Stop>('Stop', { proven: epochs, at: epochs })),
    }),
  ),
  usedNumbers: table('used-number', ['provider', 'end'], struct('UsedNumbers', { start: uint(32) })),
  commitDeadlines: table('commit-deadline', ['commitBy', 'provider', 'number'], marker),
  partitions: table(
    'partition',
    ['provider', 'partition'],
    struct<Partition>('Partition', {
      profile: text(32),
      slot: uint(32),
      deposit: amount,
      sectors: uint(32),
      sound: uint(32),
      pay: amount,
      power: uint(53),
      rewardIndex: bigUint(256),
      unearned: bigUint(256),
      nextPosition: u48,
      firstExpiry: epochs,
      retired: bool,
      challenge: maybe(
        struct<OpenChallenge>('OpenChallenge', {
          epoch: epochs,
          frozenAt: epochs,
          deadline: epochs,
          drawnAtMs: uint(53),
          income: amount,
          rewardIndex: bigUint(256),
        }),
      ),
      closedEpoch: epochs,
      closedFrozenAt: epochs,
      missedFrozenAt: epochs,
      requestedAt: maybe(epochs),
      recovery: maybe(struct<OpenRecovery>('OpenRecovery', { epoch: epochs, deadline: epochs, drawnAtMs: uint(53) })),
      recoveryBarredUntil: epochs,
    }),
  ),
  partitionNumbers: table('partition-number', ['provider'], struct('PartitionNumber', { next: uint(32) })),
  members: table(
    'member',
    ['provider', 'partition', 'position'],
    struct<Member>('Member', {
      number: uint(32),
      commR: bytes32,
      joinedAt: epochs,
      leftAt: epochs,
      expiry: epochs,
      pay: amount,
    }),
  ),
  partitionsWithRoom: table('partition-with-room', ['provider', 'profile', 'partition'], marker),
  slotPartitions: table('slot-partition', ['slot', 'provider', 'partition'], marker),
  slotsByLoad: table('slot-by-load', ['load', 'slot'], marker),
  challengeDeadlines: table('challenge-deadline', ['deadline', 'provider', 'partition'], marker),
  misses: table(
    'miss',
    ['provider', 'partition', 'frozenAt'],
    struct('Miss', { at: epochs, closedEpoch: epochs, closedFrozenAt: epochs }),
  ),
  faultedSpans: table(
    'faulted-span',
    ['provider', 'sector', 'end'],
    struct('FaultedSpan', { start: epochs, before: u48 }),
  ),
  faultDeadlines: table('fault-deadline', ['epoch', 'provider', 'partition'], marker),
  departures: table('departure', ['epoch', 'provider', 'partition', 'position'], marker),
  recoveryLists: table(
    'recovery-list',
    ['provider', 'partition'],
    struct('RecoveryList', { positions: list(u48, { max: 65_536 }) }),
  ),
  recoveryQueue: table('recovery-queue', ['requestedAt', 'provider', 'partition'], marker),
  recoveryDeadlines: table('recovery-deadline', ['deadline', 'provider', 'partition'], marker),
  permutation: table('permutation', ['index'], struct('PermutationEntry', { period: u48, slot: uint(32) })),
  epochs: table('epoch', ['epoch'], struct('EpochRecord', { round: uint(53), timeMs: uint(53) })),
  rounds: table('round', ['round'], struct('Round', { signature: bytes(48, 48) })),
  wantedRounds: table('wanted-round', ['round'], marker),
}
