/**
 * The state as JSON, for the RPC: pure functions of a reader. Amounts are decimal strings, undefined is "no such thing".
 */
import { toHex } from '@granary/base'
import type {
  AccountView,
  AskView,
  ChallengeKind,
  ChallengeView,
  DealView,
  MemberView,
  OpenChallengeView,
  PartitionPlace,
  PartitionView,
  ProviderView,
  SectorState,
  SectorView,
  SessionKeyView,
  SupplyView,
} from '@granary/protocol/client'
import {
  type Address,
  dealTermsToJson,
  type Epoch,
  type Hash,
  hashOf,
  type PartitionNumber,
  type ProviderId,
  type SectorNumber,
} from '@granary/protocol/messages'
import type { Ask, Deal, Member, Partition, Sector, SessionKey, Totals } from '@granary/protocol/records'
import { dealStateOf, keyNumber } from '@granary/protocol/records'
import { dealStatus, dueEpochs } from '../market/deal-status.ts'
import { networkFee } from '../messages/settle-deals.ts'
import { accountOf, totalsOf } from '../money/ledger.ts'
import { pendingReward, rewardFor, rewardsOf } from '../money/rewards.ts'
import { GIB } from '../money/shares.ts'
import { releasableOf } from '../money/vesting.ts'
import { isListed, membersAt, NOW } from '../proving/partitions.ts'
import { draw, entropyOf, type RandomnessTag, seedEntropyOf } from '../proving/randomness.ts'
import { RECOVERY_SAMPLES, recoveryMembers } from '../proving/recoveries.ts'
import { seedEpochOf } from '../proving/seed-epoch.ts'
import { standingOf } from '../proving/spans.ts'
import { readHead, readParams } from '../store/head.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

type WithoutHeight<T> = Omit<T, 'height'>

export interface RandomnessQuery {
  readonly tag: RandomnessTag
  readonly epoch: Epoch
  readonly provider: ProviderId
  /** The sector's number (TICKET, SEED) or the partition's (POST, RECOVERY). */
  readonly sector: SectorNumber
}

/** Any address has an account, with nothing in it at first. */
export function accountView(reader: StateReader, address: Address): WithoutHeight<AccountView> {
  const { balance, escrow } = accountOf(reader, address)
  const lanes = [...tables.lanes.entries(reader, [address])]
  const sequences = Object.fromEntries(lanes.map(({ parts, value }) => [String(keyNumber(parts[1])), value.next]))
  const exists = tables.accounts.get(reader, address) !== undefined
  return { address, exists, balance: String(balance), sequences, locked: String(escrow) }
}

/** The session keys of an account in the order of their hex, above `after`. */
export function sessionKeyViews(
  reader: StateReader,
  account: Address,
  after: Hash | undefined,
  limit: number,
): SessionKeyView[] {
  const entries = tables.sessionKeys.entries(
    reader,
    [account],
    after === undefined ? undefined : [account, after.slice(2)],
  )
  return take(entries, limit).map(({ parts, value }) => keyView(`0x${parts[1]!}`, value))
}

export function sessionKeyView(reader: StateReader, account: Address, publicKey: Hash): SessionKeyView | undefined {
  const key = tables.sessionKeys.get(reader, account, publicKey.slice(2))
  return key && keyView(publicKey, key)
}

function keyView(publicKey: Hash, { scopes, expires, spendingLimit, spent }: SessionKey): SessionKeyView {
  return { publicKey, scopes, expires, spendingLimit: String(spendingLimit), spent: String(spent) }
}

export function supplyView(reader: StateReader): WithoutHeight<SupplyView> {
  const params = readParams(reader)
  const { power } = rewardsOf(reader)
  const money = Object.entries(totalsOf(reader)).map(([name, amount]) => [name, String(amount)])
  const rewardPerGiBEpoch = rewardFor(params, { epoch: readHead(reader).height, bytes: GIB, power })
  return {
    ...(Object.fromEntries(money) as Record<keyof Totals, string>),
    power: String(power),
    rewardPerGiBEpoch: String(rewardPerGiBEpoch),
  }
}

export function providerView(reader: StateReader, id: number): ProviderView | undefined {
  const provider = tables.providers.get(reader, id)
  if (provider === undefined) return undefined
  const { owner, payout, sessionKey, endpoints, peerId, region, name, registeredAt } = provider
  const ask = tables.asks.get(reader, id)
  return {
    id,
    owner,
    payout,
    sessionKey: sessionKey.length === 0 ? null : toHex(sessionKey),
    endpoints,
    peerId,
    region,
    name,
    ask: ask === undefined ? null : askView(ask),
    collateral: {
      free: String(provider.collateralFree),
      locked: String(provider.collateralLocked),
      debt: String(provider.debt),
    },
    vesting: vestingView(reader, id),
    registeredAt,
  }
}

function vestingView(reader: StateReader, provider: ProviderId): ProviderView['vesting'] {
  const vesting = tables.vesting.get(reader, provider)
  const dealBytes = tables.providers.get(reader, provider)?.dealBytes ?? 0n
  const perDealGiB = (locked: bigint) => (dealBytes === 0n ? null : String((locked * GIB) / dealBytes))
  if (vesting === undefined) return { locked: '0', releasable: '0', end: null, perDealGiB: perDealGiB(0n) }
  const params = readParams(reader)
  const releasable = releasableOf(params, vesting, readHead(reader).height)
  const end = Math.max(...vesting.tranches.map(({ start }) => start)) + params.vesting
  const locked = vesting.locked - releasable
  return { locked: String(locked), releasable: String(releasable), end, perDealGiB: perDealGiB(locked) }
}

/** Providers in the order of their ids, above `after`. */
export function providerViews(reader: StateReader, after: number | undefined, limit: number): ProviderView[] {
  const entries = tables.providers.entries(reader, [], after === undefined ? undefined : [after])
  return take(entries, limit).map(({ parts }) => providerView(reader, keyNumber(parts[0]))!)
}

/** The partitions of a provider that hold sectors, in the order of their numbers, above `after`. */
export function partitionViews(
  reader: StateReader,
  provider: ProviderId,
  after: number | undefined,
  limit: number,
): PartitionView[] {
  const living = livingPartitions(reader, provider, after)
  return take(living, limit).map(({ number, value }) => partitionSummary(reader, provider, number, value))
}

export function partitionView(
  reader: StateReader,
  provider: ProviderId,
  number: PartitionNumber,
): PartitionView | undefined {
  const partition = tables.partitions.get(reader, provider, number)
  if (partition === undefined || partition.retired) return undefined
  return partitionSummary(reader, provider, number, partition)
}

interface MemberFilter {
  /** A position. */
  readonly after?: number | undefined
  readonly state?: MemberView['state'] | undefined
}

/** The sectors of a partition in the order of their positions. */
export function memberViews(
  reader: StateReader,
  { provider, partition }: PartitionPlace,
  { after, state }: MemberFilter,
  limit: number,
): MemberView[] {
  const record = tables.partitions.get(reader, provider, partition)
  if (record === undefined) return []
  const behind: [number, number, number] | undefined = after === undefined ? undefined : [provider, partition, after]
  const views: MemberView[] = []
  for (const { parts, value } of tables.members.entries(reader, [provider, partition], behind)) {
    if (views.length === limit) break
    const now = memberState(reader, provider, record, value)
    if (now === undefined || (state !== undefined && state !== now)) continue
    views.push({ position: keyNumber(parts[2]), number: value.number, commR: hashOf(value.commR), state: now })
  }
  return views
}

/** What a provider has to answer now, of the partitions above `after`. Both challenges of a partition, or none of them. */
export function openChallenges(
  reader: StateReader,
  provider: ProviderId,
  after: number | undefined,
  limit: number,
): OpenChallengeView[] {
  const views: OpenChallengeView[] = []
  for (const { number: partition, value } of livingPartitions(reader, provider, after)) {
    if (views.length >= limit) break
    for (const kind of ['post', 'recovery'] as const) {
      const open = openWindow(reader, provider, partition, value, kind)
      if (open !== undefined) views.push({ partition, kind, epoch: open.epoch, deadline: open.deadline })
    }
  }
  return views
}

export function challengeView(
  reader: StateReader,
  { provider, partition: number }: PartitionPlace,
  kind: ChallengeKind,
): ChallengeView | undefined {
  const partition = tables.partitions.get(reader, provider, number)
  const open = partition && openWindow(reader, provider, number, partition, kind)
  if (partition === undefined || open === undefined) return undefined
  const { postSamples } = readParams(reader)
  const { challenge } = partition
  const isPost = kind === 'post' && challenge !== undefined
  const list = isPost
    ? membersAt(reader, provider, number, challenge.frozenAt)
    : recoveryMembers(reader, provider, number)
  return {
    ...{ provider, partition: number, profile: partition.profile, kind, epoch: open.epoch, deadline: open.deadline },
    randomness: hashOf(open.randomness),
    count: isPost ? postSamples : postSamples * RECOVERY_SAMPLES,
    sectors: list.map((member) => ({ number: member.number, commR: hashOf(member.commR) })),
  }
}

export function sectorView(reader: StateReader, provider: ProviderId, number: SectorNumber): SectorView | undefined {
  const sector = tables.sectors.get(reader, provider, number)
  if (sector === undefined) return undefined
  const { profile, commD, commR, ticketEpoch, preCommitEpoch, commitBy, expiry, deals } = sector
  const seedEpoch = seedEpochOf(reader, readParams(reader), preCommitEpoch)
  const seed =
    seedEpoch === undefined ? undefined : draw(reader, 'SEED', seedEpoch, seedEntropyOf(provider, number, commR))
  const { placement } = sector
  return {
    provider,
    number,
    profile,
    state: sectorState(reader, provider, sector),
    commD: hashOf(commD),
    commR: hashOf(commR),
    ticketEpoch,
    preCommitEpoch,
    ...(seedEpoch === undefined ? {} : { seedEpoch }),
    ...(seed === undefined ? {} : { seed: hashOf(seed) }),
    commitBy,
    expiry,
    deals,
    ...(placement === undefined ? {} : { partition: placement.partition, activatedAt: placement.activatedAt }),
  }
}

export function dealView(reader: StateReader, id: number): DealView | undefined {
  const deal = tables.deals.get(reader, id)
  if (deal === undefined) return undefined
  const { height } = readHead(reader)
  const status = dealStatus(reader, deal, height)
  const due = dueEpochs(reader, deal, status)
  const gross = deal.terms.pricePerEpoch * BigInt(due.proven)
  const { provider } = deal.terms
  return {
    id,
    agreementId: deal.agreementId,
    terms: dealTermsToJson(deal.terms),
    state: dealStateOf(deal, status, height),
    publishedAt: deal.publishedAt,
    lapsesAt: deal.lapsesAt,
    ...(deal.orderedUntil === 0 ? {} : { orderedUntil: deal.orderedUntil }),
    ...('activatedAt' in status ? { activatedAt: status.activatedAt, endsAt: status.endsAt } : {}),
    ...('sector' in status ? { sector: { provider, number: status.sector } } : {}),
    ...moneyOf(deal),
    ...(status.state === 'claimed' ? { claim: String(deal.claim?.amount ?? 0n) } : {}),
    earned: String(gross - networkFee(gross, readParams(reader).networkFeeBps)),
    provenEpochs: deal.provenEpochs + due.proven,
    faultedEpochs: deal.faultedEpochs + due.faulted,
    settledThrough: deal.settledThrough,
  }
}

/** undefined while the epoch's round is not there, or no longer. */
export function randomnessView(reader: StateReader, query: RandomnessQuery): Hash | undefined {
  const { tag, epoch, provider, sector } = query
  const value = draw(reader, tag, epoch, entropy())
  return value === undefined ? undefined : hashOf(value)

  function entropy(): Uint8Array {
    if (tag === 'SLOT' || tag === 'EXTRA') return new Uint8Array(0)
    const { commR } = (tag === 'SEED' && tables.sectors.get(reader, provider, sector)) || {}
    return commR === undefined ? entropyOf(provider, sector) : seedEntropyOf(provider, sector, commR)
  }
}

function askView(ask: Ask): AskView {
  return { ...ask, pricePerGiBEpoch: String(ask.pricePerGiBEpoch) }
}

function* livingPartitions(
  reader: StateReader,
  provider: ProviderId,
  after: number | undefined,
): Generator<{ number: PartitionNumber; value: Partition }> {
  const entries = tables.partitions.entries(reader, [provider], after === undefined ? undefined : [provider, after])
  for (const { parts, value } of entries) if (!value.retired) yield { number: keyNumber(parts[1]), value }
}

function partitionSummary(
  reader: StateReader,
  provider: ProviderId,
  number: PartitionNumber,
  partition: Partition,
): PartitionView {
  const { slot, profile, sectors, sound, closedEpoch, closedFrozenAt, power } = partition
  const challenge = openWindow(reader, provider, number, partition, 'post')
  const recovery = openWindow(reader, provider, number, partition, 'recovery')
  return {
    ...{ provider, number, slot, profile, sectors, sound, power },
    lastProven: closedFrozenAt === 0 ? null : closedEpoch,
    pending: String(pendingReward(partition, rewardsOf(reader).index)),
    ...(challenge === undefined ? {} : { challenge: { epoch: challenge.epoch, deadline: challenge.deadline } }),
    ...(partition.requestedAt === undefined ? {} : { recoveryRequestedAt: partition.requestedAt }),
    ...(recovery === undefined ? {} : { recovery: { epoch: recovery.epoch, deadline: recovery.deadline } }),
    ...(partition.recoveryBarredUntil === 0 ? {} : { recoveryBarredUntil: partition.recoveryBarredUntil }),
  }
}

/** A challenge that can be answered: its randomness is there. */
function openWindow(
  reader: StateReader,
  provider: ProviderId,
  number: PartitionNumber,
  partition: Pick<Partition, 'challenge' | 'recovery'>,
  kind: ChallengeKind,
): { epoch: Epoch; deadline: Epoch; randomness: Uint8Array } | undefined {
  const open = kind === 'post' ? partition.challenge : partition.recovery
  const tag = kind === 'post' ? 'POST' : 'RECOVERY'
  const randomness = open && draw(reader, tag, open.epoch, entropyOf(provider, number))
  if (open === undefined || randomness === undefined) return undefined
  return { epoch: open.epoch, deadline: open.deadline, randomness }
}

/** Undefined for one that was terminated, or whose time is over. */
function memberState(
  reader: StateReader,
  provider: ProviderId,
  partition: Partition,
  member: Member,
): MemberView['state'] | undefined {
  if (isListed(partition, member, NOW)) return 'sound'
  return tables.sectors.get(reader, provider, member.number)?.status === 'active' ? 'faulty' : undefined
}

function sectorState(reader: StateReader, provider: ProviderId, sector: Sector): SectorState {
  if (sector.status === 'failed' || sector.status === 'terminated') return 'terminated'
  if (sector.status === 'ended') return 'expired'
  if (sector.placement === undefined) return 'precommitted'
  return standingOf(reader, provider, sector).stoppedAt === undefined ? 'active' : 'faulty'
}

/** A deal whose time is over is called expired, though its last epochs may still wait for their proof. */
function moneyOf(deal: Deal): Pick<DealView, 'locked' | 'paid' | 'burnt' | 'refunded' | 'compensated'> {
  return {
    locked: String(deal.locked),
    paid: String(deal.paid),
    burnt: String(deal.burnt),
    refunded: String(deal.refunded),
    compensated: String(deal.compensated),
  }
}

function take<T>(items: Iterable<T>, limit: number): T[] {
  const taken: T[] = []
  if (limit <= 0) return taken
  for (const item of items) {
    taken.push(item)
    if (taken.length === limit) break
  }
  return taken
}
