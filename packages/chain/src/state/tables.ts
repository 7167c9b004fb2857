/** All that the chain remembers: the tables of the state. docs/spec/records.md has every one. */
import type { Address, Epoch, Hash } from '../messages/index.ts'
import type { Struct } from '../messages/struct.ts'
import {
  type Account,
  accountRecord,
  type Lane,
  laneRecord,
  type SessionKey,
  sessionKeyRecord,
} from './records/accounts.ts'
import {
  type Draws,
  drawsRecord,
  type FeeLevel,
  feeLevelRecord,
  type Head,
  headRecord,
  type NextIds,
  nextIdsRecord,
  type Rewards,
  rewardsRecord,
  type Totals,
  totalsRecord,
} from './records/chain.ts'
import { type Agreement, agreementRecord, type Deal, dealRecord } from './records/deals.ts'
import {
  type EpochRecord,
  epochRecord,
  type PermutationEntry,
  permutationEntryRecord,
  type Round,
  roundRecord,
} from './records/epochs.ts'
import { marker } from './records/fields.ts'
import {
  type Gap,
  gapRecord,
  type Member,
  type Miss,
  memberRecord,
  missRecord,
  type Partition,
  type PartitionNumber,
  partitionNumberRecord,
  partitionRecord,
  type RecoveryList,
  type Redraw,
  type RedrawCount,
  recoveryListRecord,
  redrawCountRecord,
  redrawRecord,
  type SlotsTaken,
  slotsTakenRecord,
} from './records/partitions.ts'
import { type Ask, askRecord, type Provider, providerRecord, type Vesting, vestingRecord } from './records/providers.ts'
import {
  type FaultedSpan,
  faultedSpanRecord,
  type Sector,
  sectorRecord,
  type UsedNumbers,
  usedNumbersRecord,
} from './records/sectors.ts'
import { type Table, table } from './table.ts'

const single = <T>(name: string, record: Struct<T>): Table<[], T> => table<[], T>(name, [], record)

export const tables: {
  readonly head: Table<[], Head>
  readonly totals: Table<[], Totals>
  readonly feeLevel: Table<[], FeeLevel>
  readonly rewards: Table<[], Rewards>
  readonly nextIds: Table<[], NextIds>
  readonly draws: Table<[], Draws>
  readonly accounts: Table<[address: Address], Account>
  readonly lanes: Table<[address: Address, lane: number], Lane>
  readonly sessionKeys: Table<[address: Address, publicKey: string], SessionKey>
  /** Which providers of an account name a session key as that of their daemon. */
  readonly daemonKeys: Table<[address: Address, publicKey: string, provider: number], object>
  readonly providers: Table<[provider: number], Provider>
  readonly vesting: Table<[provider: number], Vesting>
  readonly asks: Table<[provider: number], Ask>
  readonly deals: Table<[deal: number], Deal>
  readonly agreements: Table<[agreementId: Hash], Agreement>
  readonly sectors: Table<[provider: number, number: number], Sector>
  readonly usedNumbers: Table<[provider: number, end: number], UsedNumbers>
  readonly commitDeadlines: Table<[commitBy: Epoch, provider: number, number: number], object>
  readonly partitions: Table<[provider: number, partition: number], Partition>
  readonly partitionNumbers: Table<[provider: number], PartitionNumber>
  readonly members: Table<[provider: number, partition: number, position: number], Member>
  /** Partitions that take sectors, unless a challenge is open. */
  readonly partitionsWithRoom: Table<[provider: number, profile: string, partition: number], object>
  readonly slotPartitions: Table<[slot: number, provider: number, partition: number], object>
  readonly slotsTaken: Table<[], SlotsTaken>
  readonly slotsByLoad: Table<[load: number, slot: number], object>
  readonly challengeDeadlines: Table<[deadline: Epoch, provider: number, partition: number], object>
  readonly misses: Table<[provider: number, partition: number, frozenAt: Epoch], Miss>
  readonly gaps: Table<[provider: number, partition: number, to: Epoch], Gap>
  readonly faultedSpans: Table<[provider: number, sector: number, end: Epoch], FaultedSpan>
  /** When the faults of a partition may have become too old. */
  readonly faultDeadlines: Table<[epoch: Epoch, provider: number, partition: number], object>
  /** Since when a sector is terminated: its list forgets it once lists are frozen as of that epoch. */
  readonly departures: Table<[epoch: Epoch, provider: number, partition: number, position: number], object>
  readonly redrawCount: Table<[], RedrawCount>
  /** A dense array of the partitions whose challenge was void. */
  readonly redraws: Table<[index: number], Redraw>
  readonly recoveryLists: Table<[provider: number, partition: number], RecoveryList>
  /** Requests whose partition is not being challenged just now. */
  readonly recoveryQueue: Table<[requestedAt: Epoch, provider: number, partition: number], object>
  readonly recoveryDeadlines: Table<[deadline: Epoch, provider: number, partition: number], object>
  readonly permutation: Table<[index: number], PermutationEntry>
  readonly epochs: Table<[epoch: Epoch], EpochRecord>
  readonly rounds: Table<[round: number], Round>
  /** Rounds that an epoch has asked for and that no block has brought yet. */
  readonly wantedRounds: Table<[round: number], object>
} = {
  head: single('head', headRecord),
  totals: single('totals', totalsRecord),
  feeLevel: single('fee-level', feeLevelRecord),
  rewards: single('rewards', rewardsRecord),
  nextIds: single('next-ids', nextIdsRecord),
  draws: single('draws', drawsRecord),
  accounts: table('account', ['address'], accountRecord),
  lanes: table('lane', ['address', 'lane'], laneRecord),
  sessionKeys: table('session-key', ['address', 'publicKey'], sessionKeyRecord),
  daemonKeys: table('daemon-key', ['address', 'publicKey', 'provider'], marker),
  providers: table('provider', ['provider'], providerRecord),
  vesting: table('vesting', ['provider'], vestingRecord),
  asks: table('ask', ['provider'], askRecord),
  deals: table('deal', ['deal'], dealRecord),
  agreements: table('agreement', ['agreementId'], agreementRecord),
  sectors: table('sector', ['provider', 'number'], sectorRecord),
  usedNumbers: table('used-number', ['provider', 'end'], usedNumbersRecord),
  commitDeadlines: table('commit-deadline', ['commitBy', 'provider', 'number'], marker),
  partitions: table('partition', ['provider', 'partition'], partitionRecord),
  partitionNumbers: table('partition-number', ['provider'], partitionNumberRecord),
  members: table('member', ['provider', 'partition', 'position'], memberRecord),
  partitionsWithRoom: table('partition-with-room', ['provider', 'profile', 'partition'], marker),
  slotPartitions: table('slot-partition', ['slot', 'provider', 'partition'], marker),
  slotsTaken: single('slots-taken', slotsTakenRecord),
  slotsByLoad: table('slot-by-load', ['load', 'slot'], marker),
  challengeDeadlines: table('challenge-deadline', ['deadline', 'provider', 'partition'], marker),
  misses: table('miss', ['provider', 'partition', 'frozenAt'], missRecord),
  gaps: table('gap', ['provider', 'partition', 'to'], gapRecord),
  faultedSpans: table('faulted-span', ['provider', 'sector', 'end'], faultedSpanRecord),
  faultDeadlines: table('fault-deadline', ['epoch', 'provider', 'partition'], marker),
  departures: table('departure', ['epoch', 'provider', 'partition', 'position'], marker),
  redrawCount: single('redraw-count', redrawCountRecord),
  redraws: table('redraw', ['index'], redrawRecord),
  recoveryLists: table('recovery-list', ['provider', 'partition'], recoveryListRecord),
  recoveryQueue: table('recovery-queue', ['requestedAt', 'provider', 'partition'], marker),
  recoveryDeadlines: table('recovery-deadline', ['deadline', 'provider', 'partition'], marker),
  permutation: table('permutation', ['index'], permutationEntryRecord),
  epochs: table('epoch', ['epoch'], epochRecord),
  rounds: table('round', ['round'], roundRecord),
  wantedRounds: table('wanted-round', ['round'], marker),
}
