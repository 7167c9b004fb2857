/**
 * A deal as every verb of the client shows it: what the chain has of it, with what follows from that: where it is proven, when it
 * ends, and what it costs that it goes on.
 */
import { GranaryError } from '@granary/base'
import type {
  ChainClient,
  DealView as ChainDeal,
  ChainStatus,
  DealState,
  PartitionView,
  ProviderView,
  SectorView,
} from '@granary/protocol/client'
import { epochTimeMs } from '@granary/protocol/epochs'
import { dealTermsFromJson, type Epoch } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Journal } from '../ports.ts'
import { endpointOf } from '../providers/rank-providers.ts'
import { type GoingOn, goingOnOf } from './going-on.ts'
import { awaitsSettlement } from './settle-ended.ts'

/**
 * A deal. Amounts are attoGRN in decimal. Beside each epoch is its time in milliseconds since 1970, an estimate by the head's
 * time and the chain's block time.
 */
export interface DealView {
  readonly id: number
  readonly agreementId: string
  readonly state: DealState
  readonly client: string
  readonly provider: number
  readonly providerName: string
  readonly endpoint: string | null
  readonly rootCid: string | null
  readonly label: string
  /** What it was put from, where the journal of this client has it. */
  readonly path: string | null
  readonly pieceCid: string
  /** Padded bytes. */
  readonly pieceSize: number
  /** Bytes of its CAR. */
  readonly payloadSize: number
  readonly sector: number | null
  readonly partition: number | null
  readonly faulty: boolean
  /** Epoch of the last proof that the chain accepted for the sector's partition. */
  readonly lastProven: Epoch | null
  readonly lastProvenMs: number | null
  /** An open challenge has to be answered by this epoch. */
  readonly proofDueBy: Epoch | null
  readonly proofDueByMs: number | null
  readonly publishedAt: Epoch
  readonly publishedAtMs: number
  /** It is over if it is not proven by then. */
  readonly lapsesAt: Epoch
  readonly lapsesAtMs: number
  readonly activatedAt: Epoch | null
  readonly activatedAtMs: number | null
  readonly endsAt: Epoch | null
  readonly endsAtMs: number | null
  /** Epochs from its activation, as its terms have them. */
  readonly duration: number
  readonly durationMs: number
  /** When a deal that runs ends, and what it costs that it goes on. */
  readonly goingOn: GoingOn | null
  readonly provenEpochs: number
  readonly faultedEpochs: number
  readonly pricePerEpoch: string
  /** For its duration. */
  readonly price: string
  readonly locked: string
  /** Proven, and not settled yet. */
  readonly earned: string
  readonly paid: string
  readonly burnt: string
  readonly refunded: string
  /** To the client from the provider's collateral. */
  readonly compensated: string
  /** Of a deal that was cancelled while its data was faulty: what the collateral may still pay. */
  readonly claim: string | null
  /** The deal has ended, and what it still locks goes to its client or its provider when somebody settles it. */
  readonly awaitsSettlement: boolean
}

export interface ViewDealsInput {
  readonly chain: ChainClient
  /** It has the names of what was put. */
  readonly journal?: Pick<Journal, 'list'> | undefined
  readonly deals: readonly ChainDeal[]
}

/** So many questions are open at the same time: a node answers others too. */
const ASKED_AT_ONCE = 8

/** In the order of the deals. Each sector, partition and provider is asked for once. */
export async function viewDeals(
  { chain, journal, deals }: ViewDealsInput,
  options: CallOptions = {},
): Promise<DealView[]> {
  const status = await chain.status(options)
  const uploads = (await journal?.list(status.genesisHash)) ?? []
  const paths = new Map(uploads.map(({ rootCid, name }) => [rootCid, name]))
  const payers = deals.flatMap(({ orderedUntil, terms }) =>
    orderedUntil === undefined ? [] : [dealTermsFromJson(terms).client],
  )
  const balances = await each(payers, async (payer) => BigInt((await chain.account(payer, options)).balance))
  const going = goingOnOf(deals, status, balances)
  const providers = await each(
    deals.map(({ terms }) => terms.provider),
    (id) => chain.provider(id, options),
  )
  const sectors = await each(
    deals.flatMap(({ sector }) => (sector === undefined ? [] : [keyOf(sector.provider, sector.number)])),
    (key) => orMissing(chain.sector(...placeIn(key), options)),
  )
  const partitions = await each(
    [...sectors.values()].flatMap((sector) => partitionKey(sector) ?? []),
    (key) => orMissing(chain.partition(...placeIn(key), options)),
  )
  return deals.map((deal) => {
    const sector = deal.sector && sectors.get(keyOf(deal.sector.provider, deal.sector.number))
    const partition = partitions.get(partitionKey(sector) ?? '')
    return dealView(deal, {
      provider: providers.get(deal.terms.provider)!,
      place: sector && partition && { sector, partition },
      going: going.get(deal.id),
      path: paths.get(deal.terms.rootCid ?? ''),
      status,
    })
  })
}

/** Where its data is proven. */
interface Place {
  readonly sector: SectorView
  readonly partition: PartitionView
}

function keyOf(provider: number, number: number): string {
  return `${provider}/${number}`
}

function placeIn(key: string): [provider: number, number: number] {
  const [provider = 0, number = 0] = key.split('/').map(Number)
  return [provider, number]
}

/** undefined before its sector is proven, and once that is over. */
function partitionKey(sector: SectorView | undefined): string | undefined {
  if (sector?.partition === undefined || (sector.state !== 'active' && sector.state !== 'faulty')) return undefined
  return keyOf(sector.provider, sector.partition)
}

async function orMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (GranaryError.is(error) && (error.code === 'SECTOR_NOT_FOUND' || error.code === 'PARTITION_NOT_FOUND'))
      return undefined
    throw error
  }
}

interface Beside {
  readonly provider: ProviderView
  readonly place: Place | undefined
  readonly going: GoingOn | undefined
  readonly path: string | undefined
  readonly status: ChainStatus
}

function dealView(deal: ChainDeal, { provider, place, going, path, status }: Beside): DealView {
  const { id, agreementId, state, publishedAt, lapsesAt, activatedAt = null, endsAt = null } = deal
  const { provenEpochs, faultedEpochs, locked, earned, paid, burnt, refunded, compensated } = deal
  const { client, pieceCid, pieceSize, payloadSize, rootCid = null, label, ...terms } = dealTermsFromJson(deal.terms)
  const { duration, pricePerEpoch } = terms
  const lastProven = place?.partition.lastProven ?? null
  const proofDueBy = place?.partition.challenge?.deadline ?? null
  const at = (epoch: Epoch): number => epochTimeMs(epoch, status)
  const maybeAt = (epoch: Epoch | null): number | null => (epoch === null ? null : at(epoch))
  return {
    ...{ id, agreementId, state, client },
    ...{ provider: provider.id, providerName: provider.name, endpoint: endpointOf(provider) ?? null },
    ...{ rootCid, label, path: path ?? null, pieceCid, pieceSize, payloadSize },
    ...{ sector: deal.sector?.number ?? null, partition: place?.partition.number ?? null },
    faulty: place?.sector.state === 'faulty',
    ...{ lastProven, lastProvenMs: maybeAt(lastProven), proofDueBy, proofDueByMs: maybeAt(proofDueBy) },
    ...{ publishedAt, publishedAtMs: at(publishedAt), lapsesAt, lapsesAtMs: at(lapsesAt) },
    ...{ activatedAt, activatedAtMs: maybeAt(activatedAt), endsAt, endsAtMs: maybeAt(endsAt) },
    ...{ duration, durationMs: duration * status.blockTimeMs, goingOn: going ?? null, provenEpochs, faultedEpochs },
    ...{ pricePerEpoch: `${pricePerEpoch}`, price: `${pricePerEpoch * BigInt(duration)}` },
    ...{ locked, earned, paid, burnt, refunded, compensated, claim: deal.claim ?? null },
    awaitsSettlement: awaitsSettlement(deal),
  }
}

/** Once for each that is different. */
async function each<K, V>(keys: readonly K[], ask: (key: K) => Promise<V>): Promise<Map<K, V>> {
  const found = new Map<K, V>()
  const left = new Set(keys).values()
  const work = async (): Promise<void> => {
    for (const key of left) found.set(key, await ask(key))
  }
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work))
  return found
}
