/** A deal as the records of one proven state make it: no word of it is a node's. */
import { type ProvenState, UnprovenError } from '@granary/protocol/light'
import type { Address, AttoGrn, Epoch, Hash } from '@granary/protocol/messages'
import {
  type Deal,
  type DealStateName,
  dealStateOf,
  dealStatusOf,
  type Placement,
  provenThrough,
  recordTables,
  type Sector,
} from '@granary/protocol/records'
import type { CallOptions } from '../call-options.ts'

/** A deal of the content, proven. Times are estimates: those of epochs by the header's time and the block time of the genesis. */
export interface VerifiedDeal {
  readonly id: number
  readonly agreementId: Hash
  readonly state: DealStateName
  readonly client: Address
  readonly provider: { readonly id: number; readonly name: string; readonly owner: Address; readonly region: string }
  readonly pieceCid: string
  /** Padded bytes. */
  readonly pieceSize: number
  readonly rootCid: string | null
  /** Where its data is proven; null before it is in a sector. */
  readonly storage: VerifiedStorage | null
  readonly publishedAt: Epoch
  readonly activatedAt: Epoch | null
  readonly endsAt: Epoch | null
  /** Milliseconds since 1970. */
  readonly endsAtMs: number | null
  readonly pricePerEpoch: AttoGrn
  /** attoGRN that the client's deal still locks. */
  readonly locked: AttoGrn
  /** attoGRN, as all that follow: settled to the provider, without the network's fee. */
  readonly paid: AttoGrn
  readonly burnt: AttoGrn
  readonly refunded: AttoGrn
  /** To the client from the provider's collateral. */
  readonly compensated: AttoGrn
  /** The epoch through which these amounts are settled: what was proven since is owed, and not paid yet. */
  readonly settledThrough: Epoch
}

/** The sector that a deal is in, and what its proofs say. */
export interface VerifiedStorage {
  readonly sector: number
  /** null: it waits for its first proof. */
  readonly partition: number | null
  /** `sound`: its last proof counts. `faulty`: it missed one, or was declared so. `over`: its time has ended. */
  readonly state: 'unproven' | 'sound' | 'faulty' | 'over'
  /** The draw that its last proof has answered; null where the records do not say which it was. */
  readonly lastProven: Epoch | null
  readonly lastProvenMs: number | null
  /** An open challenge has to be answered by this epoch. */
  readonly proofDueBy: Epoch | null
}

/** undefined: proven not to be there. */
export async function verifiedDeal(
  state: ProvenState,
  id: number,
  { blockTimeMs, signal }: CallOptions & { readonly blockTimeMs: number },
): Promise<VerifiedDeal | undefined> {
  const options: CallOptions = { signal }
  const { deals, providers, sectors } = recordTables
  const deal = await state.record(deals, [id], options)
  if (deal === undefined) return undefined
  const { terms, agreementId, publishedAt, locked, paid, burnt, refunded, compensated, settledThrough } = deal
  const [provider, sector] = await Promise.all([
    needed(state.record(providers, [terms.provider], options), `provider ${terms.provider}`),
    deal.sector === undefined
      ? undefined
      : needed(state.record(sectors, [terms.provider, deal.sector], options), `sector ${deal.sector}`),
  ])
  const status = dealStatusOf(deal, sector, state.height)
  const [activatedAt, endsAt] = 'activatedAt' in status ? [status.activatedAt, status.endsAt] : [null, null]
  const timeOf = (epoch: Epoch | null): number | null =>
    epoch === null ? null : state.header.timeMs + (epoch - state.header.height) * blockTimeMs
  return {
    ...{ id, agreementId, publishedAt, activatedAt, endsAt, endsAtMs: timeOf(endsAt) },
    state: dealStateOf(deal, status, state.height),
    client: terms.client,
    provider: {
      id: terms.provider,
      name: provider.name,
      owner: provider.owner,
      region: provider.region,
    },
    ...{ pieceCid: terms.pieceCid, pieceSize: terms.pieceSize, rootCid: terms.rootCid ?? null },
    storage: sector === undefined ? null : await storageOf(state, deal, sector, { timeOf, options }),
    ...{ pricePerEpoch: terms.pricePerEpoch, locked, paid, burnt, refunded, compensated, settledThrough },
  }
}

/** No chain that follows its rules has a deal without it. */
async function needed<T>(reading: Promise<T | undefined>, what: string): Promise<T> {
  const record = await reading
  if (record === undefined) throw new UnprovenError('PROOF_INVALID', `${what} of a deal is not in the state`)
  return record
}

interface StorageContext {
  readonly timeOf: (epoch: Epoch | null) => number | null
  readonly options: CallOptions
}

async function storageOf(
  state: ProvenState,
  { terms: { provider }, sector: number }: Deal,
  sector: Sector,
  { timeOf, options }: StorageContext,
): Promise<VerifiedStorage | null> {
  const { placement, stopped, status } = sector
  if (number === undefined || status === 'failed') return null
  const unproven = { sector: number, partition: null, lastProven: null, lastProvenMs: null, proofDueBy: null }
  if (placement === undefined) return { ...unproven, state: 'unproven' }
  const found = await provenBy(state, provider, placement, options)
  const isOver = status === 'ended' || status === 'terminated'
  const lastProven = stopped?.proven ?? found.lastProven
  return {
    sector: number,
    partition: placement.partition,
    state: isOver ? 'over' : stopped !== undefined || found.hasMissed ? 'faulty' : 'sound',
    lastProven,
    lastProvenMs: timeOf(lastProven),
    proofDueBy: isOver ? null : found.proofDueBy,
  }
}

interface ProvenBy {
  /** A challenge that asked for the sector was not answered, and nothing has recovered it since. */
  readonly hasMissed: boolean
  readonly lastProven: Epoch | null
  readonly proofDueBy: Epoch | null
}

async function provenBy(
  state: ProvenState,
  provider: number,
  placement: Placement,
  options: CallOptions,
): Promise<ProvenBy> {
  const record = state.record(recordTables.partitions, [provider, placement.partition], options)
  const partition = await needed(record, `partition ${placement.partition}`)
  // Which of several missed challenges was the first is a range of the state, and only single records are proven.
  const hasMissed = placement.listedAt <= partition.missedFrozenAt
  return {
    hasMissed,
    lastProven: hasMissed ? null : provenThrough(placement, partition),
    proofDueBy: partition.challenge?.deadline ?? null,
  }
}
