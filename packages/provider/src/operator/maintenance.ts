/**
 * Sectors that their owner takes out for a while, and back: what that costs and from when to when, by the chain's own rules
 * (docs/spec/chain.md section 3), and whether it makes sense. Who does it is the daemon, or the owner where none runs.
 */
import { GranaryError } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import {
  type ChainClient,
  type ChainStatus,
  type PartitionView,
  type SectorView,
  sendMessage,
} from '@granary/protocol/client'
import { momentOf } from '@granary/protocol/epochs'
import { feeOf } from '@granary/protocol/messages'
import { amountFor } from '../chain/collateral.ts'
import { SectorNotProvenError } from './ending-costs.ts'
import type { OwnerContext } from './owner-messages.ts'
import { checkSectors, type ProvingSources } from './read-proving.ts'

/** Amounts in attoGRN. */
export interface OutageCosts {
  readonly sector: number
  readonly partition: number
  /** Burnt of the collateral. */
  readonly fee: bigint
  /** What each period without it does not earn. */
  readonly incomePerPeriod: bigint
  /** Since its last proof: refunded, and not minted. */
  readonly unpaid: bigint
  /** Deals whose time is not proven meanwhile. */
  readonly deals: readonly number[]
}

export interface OutagePlan {
  readonly sectors: readonly OutageCosts[]
  /** Burnt of the collateral for all of them, and the fees of the messages. */
  readonly price: bigint
  /** What a proof would cost that is missed for them instead. */
  readonly missedFee: bigint
  /** Challenges may ask for them until then. */
  readonly neededUntil: number
  /** What is still faulty then is terminated. */
  readonly backBy: number
}

export interface RecoveryPlan {
  readonly partitions: readonly { readonly partition: number; readonly sectors: readonly number[] }[]
  /** Fees of the messages. */
  readonly price: bigint
  /** What it costs to miss the challenges that follow. */
  readonly missedFee: bigint
  /** They are proven by then, and count again. */
  readonly soundBy: number
}

/** As many as a DeclareFaults takes (docs/spec/chain.md section 2). */
const SECTORS_MAX = 2_048
/** A message may wait for a block or two. */
const WAIT_EPOCHS = 3

interface Rules {
  readonly chain: ChainClient
  readonly status: ChainStatus
  readonly params: Awaited<ReturnType<ChainClient['params']>>
  readonly rewardPerGiBEpoch: bigint
  readonly options: { readonly signal?: AbortSignal }
}

async function rulesOf({ chain, signal }: Pick<ProvingSources, 'chain' | 'signal'>): Promise<Rules> {
  const options = signal === undefined ? {} : { signal }
  const [status, params, supply] = await Promise.all([
    chain.status(options),
    chain.params(options),
    chain.supply(options),
  ])
  return { chain, status, params, rewardPerGiBEpoch: BigInt(supply.rewardPerGiBEpoch), options }
}

/** @throws SECTOR_NOT_FOUND; SECTOR_STATE_WRONG it is not proven, is faulty already, or ends before it would be let go of */
export async function planOutage(
  sources: Pick<ProvingSources, 'chain' | 'provider' | 'signal'>,
  numbers: readonly number[],
): Promise<OutagePlan> {
  const rules = await rulesOf(sources)
  const { chain, status, params, options } = rules
  const { height } = status
  const partitions = new Map((await chain.partitions(sources.provider, options)).map((view) => [view.number, view]))
  const sectors: OutageCosts[] = []
  let neededUntil = height
  let income = 0n
  for (const number of new Set(numbers)) {
    const view = await chain.sector(sources.provider, number, options)
    if (view.state !== 'active' || view.partition === undefined) throw new SectorNotProvenError(view)
    const until = height + WAIT_EPOCHS + params.cutoff + windowOf(rules, view)
    if (view.expiry <= until) throw new SectorEndsError(view, status)
    neededUntil = Math.max(neededUntil, until)
    const each = await incomeOf(rules, view)
    income += each
    sectors.push({
      ...{ sector: number, partition: view.partition, deals: view.deals },
      fee: each * BigInt(params.declaredFaultFee),
      incomePerPeriod: each * BigInt(params.provingPeriod),
      unpaid: each * BigInt(height - lastProvenOf(view, partitions.get(view.partition), height)),
    })
  }
  const messages = messagesOf(sectors)
  const messageFee = feeOf('DeclareFaults', 0, await chain.fees(options))
  return {
    sectors,
    price: sectors.reduce((sum, { fee }) => sum + fee, BigInt(messages.length) * messageFee),
    missedFee: income * BigInt(params.missedProofFee),
    neededUntil,
    backBy: height + params.faultMaxAge,
  }
}

/**
 * @throws SECTOR_NOT_FOUND; SECTOR_NOT_FAULTY; SECTOR_STATE_WRONG it is over, or is by then; RECOVERY_PENDING, RECOVERY_BARRED;
 * SECTORS_DAMAGED it does not prove here
 */
export async function planReturn(sources: ProvingSources, numbers: readonly number[]): Promise<RecoveryPlan> {
  const rules = await rulesOf(sources)
  const { chain, status, params, options } = rules
  const { height } = status
  const views = new Map((await chain.partitions(sources.provider, options)).map((view) => [view.number, view]))
  const byPartition = new Map<number, number[]>()
  let soundBy = height
  let income = 0n
  for (const number of new Set(numbers)) {
    const view = await chain.sector(sources.provider, number, options)
    if (view.state === 'active')
      throw refused(
        'SECTOR_NOT_FAULTY',
        `sector ${number} is proven`,
        'name faulty sectors: `granary provider proving faults` lists them',
      )
    if (view.state !== 'faulty' || view.partition === undefined) throw new SectorNotProvenError(view)
    if (view.expiry <= height + WAIT_EPOCHS) throw new SectorEndsError(view, status)
    requireAskable(views.get(view.partition), status)
    byPartition.set(view.partition, [...(byPartition.get(view.partition) ?? []), number])
    soundBy = Math.max(soundBy, height + WAIT_EPOCHS + params.cutoff + windowOf(rules, view))
    income += await incomeOf(rules, view)
  }
  await requireProving(sources, [...byPartition.values()].flat())
  const messageFee = feeOf('RequestRecovery', 0, await chain.fees(options))
  return {
    partitions: [...byPartition].map(([partition, sectors]) => ({ partition, sectors })),
    price: messageFee * BigInt(byPartition.size),
    missedFee: income * BigInt(params.missedProofFee),
    soundBy,
  }
}

/** Where no daemon runs that would: signed by the owner. */
export async function declareAsOwner(
  { chain, signer, provider, signal }: OwnerContext,
  { sectors }: OutagePlan,
): Promise<void> {
  for (const { partition, numbers } of messagesOf(sectors)) {
    const body = { provider, partition, sectors: numbers }
    await sendMessage({ chain, signer, kind: 'DeclareFaults', body }, signal === undefined ? {} : { signal })
  }
}

function messagesOf(sectors: readonly OutageCosts[]): { readonly partition: number; readonly numbers: number[] }[] {
  return [...Map.groupBy(sectors, ({ partition }) => partition)].flatMap(([partition, all]) => {
    const numbers = all.map(({ sector }) => sector)
    return Array.from({ length: Math.ceil(numbers.length / SECTORS_MAX) }, (_, batch) => ({
      partition,
      numbers: numbers.slice(batch * SECTORS_MAX, (batch + 1) * SECTORS_MAX),
    }))
  })
}

/** An epoch: from its deals, and as capacity. */
async function incomeOf({ chain, rewardPerGiBEpoch, options }: Rules, { deals, profile }: SectorView): Promise<bigint> {
  const views = await chain.dealsById(deals, options)
  const pay = views
    .filter(({ state }) => state === 'active')
    .reduce((sum, { terms }) => sum + BigInt(terms.pricePerEpoch), 0n)
  return pay + amountFor(rewardPerGiBEpoch, profileNamed(profile).sectorBytes)
}

function windowOf({ params }: Rules, { profile }: SectorView): number {
  return params.profiles.find(({ name }) => name === profile)?.responseWindow ?? 0
}

function lastProvenOf({ activatedAt }: SectorView, partition: PartitionView | undefined, height: number): number {
  return Math.max(partition?.lastProven ?? 0, activatedAt ?? height)
}

function requireAskable(partition: PartitionView | undefined, status: ChainStatus): void {
  if (partition === undefined) return
  const { number, recovery, recoveryRequestedAt, recoveryBarredUntil = 0 } = partition
  if (recovery !== undefined || recoveryRequestedAt !== undefined)
    throw refused(
      'RECOVERY_PENDING',
      `sectors of partition ${number} are on their way back already`,
      'wait until they are proven: one request of a partition is taken at a time',
    )
  if (recoveryBarredUntil > status.height + 1)
    throw refused(
      'RECOVERY_BARRED',
      `partition ${number} missed its last recovery: none is taken until ${momentOf(recoveryBarredUntil, status)}`,
      'give the command again then',
    )
}

/** To miss a recovery costs as much as to miss a proof. */
async function requireProving(sources: ProvingSources, numbers: readonly number[]): Promise<void> {
  for await (const { sector, reason } of checkSectors(sources, numbers)) {
    if (reason === null) continue
    throw refused(
      'SECTORS_DAMAGED',
      `sector ${sector} does not prove: ${reason}`,
      'see that its disk is there, and what `granary provider proving check` says of it, first',
    )
  }
}

class SectorEndsError extends GranaryError {
  constructor({ number, expiry }: SectorView, status: ChainStatus) {
    super({
      code: 'SECTOR_STATE_WRONG',
      message: `sector ${number} ends by itself ${momentOf(expiry, status)}, before this would be of use`,
      hint: 'leave it: it ends for nothing',
      details: { sector: number, expiry },
    })
  }
}

function refused(
  code: 'SECTOR_NOT_FAULTY' | 'RECOVERY_PENDING' | 'RECOVERY_BARRED' | 'SECTORS_DAMAGED',
  message: string,
  hint: string,
): GranaryError {
  return new GranaryError({ code, message, hint })
}
