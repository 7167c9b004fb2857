/**
 * The state as JSON, for the RPC: pure functions of a reader. Amounts are decimal strings, undefined is "no such thing".
 */
import { toHex } from '@granary/base'
import type {
  AccountView,
  AskView,
  ChallengeView,
  DealState,
  DealView,
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
import type { Ask, Deal, Partition, Sector, Totals } from '@granary/protocol/records'
import { keyNumber } from '@granary/protocol/records'
import { dealStatus, dueEpochs } from '../market/deal-status.ts'
import { networkFee } from '../messages/settle-deals.ts'
import { accountOf, totalsOf } from '../money/ledger.ts'
import { pendingReward, rewardFor, rewardsOf } from '../money/rewards.ts'
import { GIB } from '../money/shares.ts'
import { releasableOf } from '../money/vesting.ts'
import { allMembers, isListed, membersAt, NOW, type PositionedMember } from '../proving/partitions.ts'
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
  return take(entries, limit).map(({ parts, value: { scopes, expires, spendingLimit, spent } }) => ({
    publicKey: `0x${parts[1]!}`,
    scopes,
    expires,
    spendingLimit: String(spendingLimit),
    spent: String(spent),
  }))
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
  const entries = tables.partitions.entries(reader, [provider], after === undefined ? undefined : [provider, after])
  const living = filter(entries, ({ value }) => !value.retired)
  return take(living, limit).map(({ parts, value }) => partitionView(reader, provider, keyNumber(parts[1]), value))
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
    state: dealState(deal, status, height),
    publishedAt: deal.publishedAt,
    lapsesAt: deal.lapsesAt,
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

function partitionView(
  reader: StateReader,
  provider: ProviderId,
  number: PartitionNumber,
  partition: Partition,
): PartitionView {
  const { slot, profile, closedEpoch, closedFrozenAt } = partition
  const challenge = challengeView(reader, provider, number, partition)
  const recovery = recoveryView(reader, provider, number, partition)
  const faultySectors = allMembers(reader, provider, number)
    .filter((member) => !isListed(partition, member, NOW))
    .filter((member) => tables.sectors.get(reader, provider, member.number)?.status === 'active')
    .map((member) => member.number)
  return {
    provider,
    number,
    slot,
    profile,
    sectors: listed(membersAt(reader, provider, number, NOW)),
    faulty: faultySectors.length > 0,
    faultySectors,
    lastProven: closedFrozenAt === 0 ? null : closedEpoch,
    power: partition.power,
    pending: String(pendingReward(partition, rewardsOf(reader).index)),
    ...(challenge === undefined ? {} : { challenge }),
    ...(partition.requestedAt === undefined ? {} : { recoveryRequestedAt: partition.requestedAt }),
    ...(recovery === undefined ? {} : { recovery }),
    ...(partition.recoveryBarredUntil === 0 ? {} : { recoveryBarredUntil: partition.recoveryBarredUntil }),
  }
}

function challengeView(
  reader: StateReader,
  provider: ProviderId,
  number: PartitionNumber,
  { challenge: open }: Partition,
): ChallengeView | undefined {
  const randomness = open && draw(reader, 'POST', open.epoch, entropyOf(provider, number))
  if (open === undefined || randomness === undefined) return undefined
  return {
    epoch: open.epoch,
    deadline: open.deadline,
    randomness: hashOf(randomness),
    count: readParams(reader).postSamples,
    sectors: listed(membersAt(reader, provider, number, open.frozenAt)),
    answered: false,
  }
}

function recoveryView(
  reader: StateReader,
  provider: ProviderId,
  number: PartitionNumber,
  { recovery: open }: Partition,
): ChallengeView | undefined {
  const randomness = open && draw(reader, 'RECOVERY', open.epoch, entropyOf(provider, number))
  if (open === undefined || randomness === undefined) return undefined
  return {
    epoch: open.epoch,
    deadline: open.deadline,
    randomness: hashOf(randomness),
    count: readParams(reader).postSamples * RECOVERY_SAMPLES,
    sectors: listed(recoveryMembers(reader, provider, number)),
    answered: false,
  }
}

function listed(members: readonly PositionedMember[]): { number: SectorNumber; commR: Hash }[] {
  return members.map(({ number, commR }) => ({ number, commR: hashOf(commR) }))
}

function sectorState(reader: StateReader, provider: ProviderId, sector: Sector): SectorState {
  if (sector.status === 'failed' || sector.status === 'terminated') return 'terminated'
  if (sector.status === 'ended') return 'expired'
  if (sector.placement === undefined) return 'precommitted'
  return standingOf(reader, provider, sector).stoppedAt === undefined ? 'active' : 'faulty'
}

/** A deal whose time is over is called expired, though its last epochs may still wait for their proof. */
function dealState(deal: Deal, status: ReturnType<typeof dealStatus>, height: Epoch): DealState {
  if (status.state === 'claimed') return 'cancelled'
  const isOver = status.state === 'expired' || (status.state === 'active' && height >= status.endsAt)
  if (isOver) return deal.cancelled ? 'cancelled' : 'expired'
  return status.state
}

function moneyOf(deal: Deal): Pick<DealView, 'locked' | 'paid' | 'burnt' | 'refunded' | 'compensated'> {
  return {
    locked: String(deal.locked),
    paid: String(deal.paid),
    burnt: String(deal.burnt),
    refunded: String(deal.refunded),
    compensated: String(deal.compensated),
  }
}

function* filter<T>(items: Iterable<T>, keeps: (item: T) => boolean): Generator<T> {
  for (const item of items) if (keeps(item)) yield item
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
