/**
 * Who holds a CID, what has been proven and paid, and when the next proof is due: all from the chain. With the key of an
 * account, its deals among them that have ended are settled first.
 */

import { GranaryError } from '@granary/base'
import type {
  ChainClient,
  DealState,
  DealView,
  PartitionView,
  ProviderView,
  SectorView,
} from '@granary/protocol/client'
import { dealTermsFromJson, type Signer } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { awaitsSettlement, settleEnded } from '../deals/settle-ended.ts'
import { endpointOf } from '../providers/choose-provider.ts'
import { reporter } from '../reporter.ts'
import { CidNotStoredError } from '../retrieve/errors.ts'
import { type GoingOn, goingOnOf } from './going-on.ts'
import type { SettleOptions } from './list-deals.ts'

/** Multihash of a piece CID v2, fr32-sha2-256-trunc254-padded-binary-tree. */
const PIECE_MULTIHASH = 0x1011

/** A deal of a content, as the chain has it. */
export interface DealStatus {
  readonly id: number
  readonly agreementId: string
  readonly state: DealState
  readonly client: string
  readonly provider: number
  readonly providerName: string
  readonly endpoint: string | null
  readonly pieceCid: string
  readonly rootCid: string | null
  readonly sector: number | null
  readonly partition: number | null
  readonly faulty: boolean
  /** Epoch of the last proof that the chain accepted for the sector's partition. */
  readonly lastProven: number | null
  /** An open challenge has to be answered by this epoch. */
  readonly proofDueBy: number | null
  readonly publishedAt: number
  readonly activatedAt: number | null
  readonly endsAt: number | null
  /** When a deal that runs ends, and what it costs that it goes on. */
  readonly goingOn: GoingOn | null
  readonly provenEpochs: number
  readonly faultedEpochs: number
  /** attoGRN in decimal. */
  readonly price: string
  readonly locked: string
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

/** Who holds a content, and what is proven and paid. */
export interface ContentStatus {
  readonly cid: string
  readonly deals: readonly DealStatus[]
}

/** The chain that is asked, and who settles deals that have ended. */
export interface StatusInput {
  readonly chain: ChainClient
  /** Settles the ended deals of its account; without it nothing is settled. */
  readonly signer?: Signer | undefined
}

/** @param cidText root CID of a file, or the CID of a piece. @throws CidInvalidError, CidNotStoredError */
export async function status(
  { chain, signer }: StatusInput,
  cidText: string,
  { signal, onProgress }: SettleOptions = {},
): Promise<ContentStatus> {
  const options: CallOptions = { signal }
  const { parseCid } = await import('../content.ts')
  const parsed = parseCid(cidText).toV1()
  const cid = parsed.toString()
  const filter = parsed.multihash.code === PIECE_MULTIHASH ? { pieceCid: cid } : { rootCid: cid }
  const list = () => Array.fromAsync(chain.deals(filter, options))
  let deals = await list()
  if (deals.length === 0) throw new CidNotStoredError(cid, chain.url)
  const report = reporter(onProgress)
  if (signer && (await settleEnded({ chain, signer, deals, report }, options))) deals = await list()
  const now = await chain.status(options)
  const payers = new Set(
    deals.flatMap(({ orderedUntil, terms }) => (orderedUntil === undefined ? [] : [dealTermsFromJson(terms).client])),
  )
  const balances = await Promise.all(
    [...payers].map(async (payer) => [payer, BigInt((await chain.account(payer, options)).balance)] as const),
  )
  const going = goingOnOf(deals, now, new Map(balances))
  const ids = [...new Set(deals.map(({ terms }) => terms.provider))]
  const known = new Map(
    await Promise.all(
      ids.map(async (id) => {
        return [id, await chain.provider(id, options)] as const
      }),
    ),
  )
  const views: DealStatus[] = []
  for (const deal of deals)
    views.push(
      dealStatus(deal, known.get(deal.terms.provider)!, {
        place: await placeOf(chain, deal, options),
        going: going.get(deal.id),
      }),
    )
  return { cid, deals: views }
}

interface Place {
  readonly sector: SectorView
  readonly partition: PartitionView
}

/** Where its data is proven; undefined before it is, and once that is over. */
async function placeOf(chain: ChainClient, { sector }: DealView, options: CallOptions): Promise<Place | undefined> {
  if (sector === undefined) return undefined
  try {
    const view = await chain.sector(sector.provider, sector.number, options)
    if (view.partition === undefined || (view.state !== 'active' && view.state !== 'faulty')) return undefined
    return { sector: view, partition: await chain.partition(sector.provider, view.partition, options) }
  } catch (error) {
    if (GranaryError.is(error) && (error.code === 'SECTOR_NOT_FOUND' || error.code === 'PARTITION_NOT_FOUND'))
      return undefined
    throw error
  }
}

function dealStatus(
  deal: DealView,
  provider: ProviderView,
  { place, going }: { readonly place: Place | undefined; readonly going: GoingOn | undefined },
): DealStatus {
  const { id, agreementId, state, terms, publishedAt, provenEpochs, faultedEpochs, locked, earned, paid, burnt } = deal
  const sector = deal.sector?.number
  return {
    id,
    agreementId,
    state,
    client: terms.client,
    provider: provider.id,
    providerName: provider.name,
    endpoint: endpointOf(provider) ?? null,
    pieceCid: terms.pieceCid,
    rootCid: terms.rootCid ?? null,
    sector: sector ?? null,
    partition: place?.partition.number ?? null,
    faulty: place?.sector.state === 'faulty',
    lastProven: place?.partition.lastProven ?? null,
    proofDueBy: place?.partition.challenge?.deadline ?? null,
    publishedAt,
    activatedAt: deal.activatedAt ?? null,
    endsAt: deal.endsAt ?? null,
    goingOn: going ?? null,
    provenEpochs,
    faultedEpochs,
    price: `${BigInt(terms.pricePerEpoch) * BigInt(terms.duration)}`,
    locked,
    earned,
    paid,
    burnt,
    refunded: deal.refunded,
    compensated: deal.compensated,
    claim: deal.claim ?? null,
    awaitsSettlement: awaitsSettlement(deal),
  }
}
