/** All that the chain remembers: the tables of the state. docs/spec/records.md has every one. */

import { operatorTables } from '#operator-tables'
import type { Struct } from '../codec/struct.ts'
import type {
  Address,
  DealId,
  Epoch,
  Hash,
  PartitionNumber,
  ProposalId,
  ProviderId,
  SectorNumber,
} from '../codec/types.ts'
import { type Account, accountRecord, type Lane, laneRecord, type SessionKey, sessionKeyRecord } from './accounts.ts'
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
} from './chain.ts'
import { type Agreement, agreementRecord, type Deal, dealRecord } from './deals.ts'
import {
  type EpochRecord,
  epochRecord,
  type PermutationEntry,
  permutationEntryRecord,
  type Round,
  roundRecord,
} from './epochs.ts'
import { marker } from './fields.ts'
import {
  type Gap,
  gapRecord,
  type Member,
  type Miss,
  memberRecord,
  missRecord,
  type NextPartition,
  type Partition,
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
} from './partitions.ts'
import {
  type Ballot,
  ballotRecord,
  type OpenProposal,
  openProposalRecord,
  type Proposal,
  proposalRecord,
  type Rules,
  rulesRecord,
} from './proposals.ts'
import { type Ask, askRecord, type Provider, providerRecord, type Vesting, vestingRecord } from './providers.ts'
import { type RecordTable, recordTable } from './record-table.ts'
import {
  type FaultedSpan,
  faultedSpanRecord,
  type Sector,
  sectorRecord,
  type UsedNumbers,
  usedNumbersRecord,
} from './sectors.ts'

const single = <T>(name: string, record: Struct<T>): RecordTable<[], T> => recordTable<[], T>(name, [], record)

export const recordTables: typeof operatorTables & {
  readonly head: RecordTable<[], Head>
  readonly totals: RecordTable<[], Totals>
  readonly feeLevel: RecordTable<[], FeeLevel>
  readonly rewards: RecordTable<[], Rewards>
  readonly nextIds: RecordTable<[], NextIds>
  readonly draws: RecordTable<[], Draws>
  readonly accounts: RecordTable<[address: Address], Account>
  readonly lanes: RecordTable<[address: Address, lane: number], Lane>
  readonly sessionKeys: RecordTable<[address: Address, publicKey: string], SessionKey>
  /** Which providers of an account name a session key as that of their daemon. */
  readonly daemonKeys: RecordTable<[address: Address, publicKey: string, provider: ProviderId], object>
  readonly providers: RecordTable<[provider: ProviderId], Provider>
  readonly vesting: RecordTable<[provider: ProviderId], Vesting>
  readonly asks: RecordTable<[provider: ProviderId], Ask>
  readonly deals: RecordTable<[deal: DealId], Deal>
  readonly agreements: RecordTable<[agreementId: Hash], Agreement>
  readonly sectors: RecordTable<[provider: ProviderId, number: SectorNumber], Sector>
  readonly usedNumbers: RecordTable<[provider: ProviderId, end: SectorNumber], UsedNumbers>
  readonly commitDeadlines: RecordTable<[commitBy: Epoch, provider: ProviderId, number: SectorNumber], object>
  readonly partitions: RecordTable<[provider: ProviderId, partition: PartitionNumber], Partition>
  readonly partitionNumbers: RecordTable<[provider: ProviderId], NextPartition>
  readonly members: RecordTable<[provider: ProviderId, partition: PartitionNumber, position: number], Member>
  /** Partitions that take sectors, unless a challenge is open. */
  readonly partitionsWithRoom: RecordTable<[provider: ProviderId, profile: string, partition: PartitionNumber], object>
  readonly slotPartitions: RecordTable<[slot: number, provider: ProviderId, partition: PartitionNumber], object>
  readonly slotsTaken: RecordTable<[], SlotsTaken>
  readonly slotsByLoad: RecordTable<[load: number, slot: number], object>
  readonly challengeDeadlines: RecordTable<[deadline: Epoch, provider: ProviderId, partition: PartitionNumber], object>
  readonly misses: RecordTable<[provider: ProviderId, partition: PartitionNumber, frozenAt: Epoch], Miss>
  readonly gaps: RecordTable<[provider: ProviderId, partition: PartitionNumber, to: Epoch], Gap>
  readonly faultedSpans: RecordTable<[provider: ProviderId, sector: SectorNumber, end: Epoch], FaultedSpan>
  /** When the faults of a partition may have become too old. */
  readonly faultDeadlines: RecordTable<[epoch: Epoch, provider: ProviderId, partition: PartitionNumber], object>
  /** Since when a sector is terminated: its list forgets it once lists are frozen as of that epoch. */
  readonly departures: RecordTable<
    [epoch: Epoch, provider: ProviderId, partition: PartitionNumber, position: number],
    object
  >
  readonly redrawCount: RecordTable<[], RedrawCount>
  /** A dense array of the partitions whose challenge was void. */
  readonly redraws: RecordTable<[index: number], Redraw>
  readonly recoveryLists: RecordTable<[provider: ProviderId, partition: PartitionNumber], RecoveryList>
  /** Requests whose partition is not being challenged just now. */
  readonly recoveryQueue: RecordTable<[requestedAt: Epoch, provider: ProviderId, partition: PartitionNumber], object>
  readonly recoveryDeadlines: RecordTable<[deadline: Epoch, provider: ProviderId, partition: PartitionNumber], object>
  readonly permutation: RecordTable<[index: number], PermutationEntry>
  readonly epochs: RecordTable<[epoch: Epoch], EpochRecord>
  readonly rounds: RecordTable<[round: number], Round>
  /** Rounds that an epoch has asked for and that no block has brought yet. */
  readonly wantedRounds: RecordTable<[round: number], object>
  readonly rules: RecordTable<[], Rules>
  readonly proposals: RecordTable<[proposal: ProposalId], Proposal>
  /** Who may vote on a proposal: until it ends. */
  readonly ballots: RecordTable<[proposal: ProposalId, owner: Address], Ballot>
  /** The one that an owner has open. */
  readonly openProposals: RecordTable<[owner: Address], OpenProposal>
  /** Blocks at whose end the votes of a proposal are counted, or it is carried out. */
  readonly proposalsDue: RecordTable<[epoch: Epoch, proposal: ProposalId], object>
} = {
  head: single('head', headRecord),
  totals: single('totals', totalsRecord),
  feeLevel: single('fee-level', feeLevelRecord),
  rewards: single('rewards', rewardsRecord),
  nextIds: single('next-ids', nextIdsRecord),
  draws: single('draws', drawsRecord),
  accounts: recordTable('account', ['address'], accountRecord),
  lanes: recordTable('lane', ['address', 'lane'], laneRecord),
  sessionKeys: recordTable('session-key', ['address', 'publicKey'], sessionKeyRecord),
  daemonKeys: recordTable('daemon-key', ['address', 'publicKey', 'provider'], marker),
  providers: recordTable('provider', ['provider'], providerRecord),
  vesting: recordTable('vesting', ['provider'], vestingRecord),
  asks: recordTable('ask', ['provider'], askRecord),
  deals: recordTable('deal', ['deal'], dealRecord),
  agreements: recordTable('agreement', ['agreementId'], agreementRecord),
  sectors: recordTable('sector', ['provider', 'number'], sectorRecord),
  usedNumbers: recordTable('used-number', ['provider', 'end'], usedNumbersRecord),
  commitDeadlines: recordTable('commit-deadline', ['commitBy', 'provider', 'number'], marker),
  partitions: recordTable('partition', ['provider', 'partition'], partitionRecord),
  partitionNumbers: recordTable('partition-number', ['provider'], partitionNumberRecord),
  members: recordTable('member', ['provider', 'partition', 'position'], memberRecord),
  partitionsWithRoom: recordTable('partition-with-room', ['provider', 'profile', 'partition'], marker),
  slotPartitions: recordTable('slot-partition', ['slot', 'provider', 'partition'], marker),
  slotsTaken: single('slots-taken', slotsTakenRecord),
  slotsByLoad: recordTable('slot-by-load', ['load', 'slot'], marker),
  challengeDeadlines: recordTable('challenge-deadline', ['deadline', 'provider', 'partition'], marker),
  misses: recordTable('miss', ['provider', 'partition', 'frozenAt'], missRecord),
  gaps: recordTable('gap', ['provider', 'partition', 'to'], gapRecord),
  faultedSpans: recordTable('faulted-span', ['provider', 'sector', 'end'], faultedSpanRecord),
  faultDeadlines: recordTable('fault-deadline', ['epoch', 'provider', 'partition'], marker),
  departures: recordTable('departure', ['epoch', 'provider', 'partition', 'position'], marker),
  redrawCount: single('redraw-count', redrawCountRecord),
  redraws: recordTable('redraw', ['index'], redrawRecord),
  recoveryLists: recordTable('recovery-list', ['provider', 'partition'], recoveryListRecord),
  recoveryQueue: recordTable('recovery-queue', ['requestedAt', 'provider', 'partition'], marker),
  recoveryDeadlines: recordTable('recovery-deadline', ['deadline', 'provider', 'partition'], marker),
  permutation: recordTable('permutation', ['index'], permutationEntryRecord),
  epochs: recordTable('epoch', ['epoch'], epochRecord),
  rounds: recordTable('round', ['round'], roundRecord),
  wantedRounds: recordTable('wanted-round', ['round'], marker),
  rules: single('rules', rulesRecord),
  proposals: recordTable('proposal', ['proposal'], proposalRecord),
  ballots: recordTable('ballot', ['proposal', 'owner'], ballotRecord),
  openProposals: recordTable('open-proposal', ['owner'], openProposalRecord),
  proposalsDue: recordTable('proposal-due', ['epoch', 'proposal'], marker),
  ...operatorTables,
}
