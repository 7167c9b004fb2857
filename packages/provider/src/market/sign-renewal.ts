/**
 * POST /v1/renewals: the provider signs more time for a running deal, at the deal's price, as long as it would take such a
 * deal anew: its ask holds, asks no more than the deal pays, and its collateral lasts. The sector lasts as long as its deals.
 * docs/spec/market-protocol.md
 */
import { GranaryError } from '@granary/base'
import type { DealView } from '@granary/protocol/client'
import { formatEpochs } from '@granary/protocol/epochs'
import { type Address, type DealRenewal, type Hash, type Signer, typedDealRenewal } from '@granary/protocol/messages'
import { CollateralShortError } from './agreement-errors.ts'
import { DealsNotTakenError, type Market, NoAskError } from './issue-quote.ts'
import { pricePerEpochBy, QuoteBoundError } from './price-quote.ts'
import { type ClientLists, requireClient } from './require-client.ts'

export interface RenewalRequest {
  /** Who is logged in. */
  readonly client: Address
  readonly deal: number
  /** The epoch at which it is to end. */
  readonly endsAt: number
}

export interface SignedRenewal {
  readonly renewal: DealRenewal
  readonly signature: Uint8Array
}

export interface SignRenewalContext {
  readonly genesisHash: Hash
  readonly providerId: number
  readonly acceptDeals: boolean
  readonly clients: ClientLists
  readonly requireServed: (rootCid: string | undefined) => void
  readonly signer: Signer
  readonly market: () => Promise<Market>
  /** @throws DEAL_NOT_FOUND */
  readonly dealOnChain: (id: number) => Promise<DealView>
  readonly freeCollateral: () => Promise<bigint>
  /** Promised to deals that are not published yet. */
  readonly offeredCollateral: () => bigint
  readonly renewals: OpenRenewals
}

/** Signed, and not used yet as far as is known: their collateral may be asked for until they run out. */
export interface OpenRenewals {
  /** Of all but this deal's: of those from its end the chain takes one, and the next is signed from the same end. */
  collateralOfOthers(deal: number, head: number): bigint
  add(renewal: DealRenewal): void
}

/** Long enough to be published, and not to be kept for better times. */
const VALID_MS = 10 * 60_000
const BPS_ONE = 10_000n

/** @throws what the operation `renewDeal` of the market lists */
export async function signRenewal(context: SignRenewalContext, request: RenewalRequest): Promise<SignedRenewal> {
  const { providerId, renewals } = context
  requireClient(context.clients, request.client)
  const deal = await context.dealOnChain(request.deal)
  const { terms } = deal
  if (terms.provider !== providerId || terms.client !== request.client)
    throw refused('DEAL_CLIENT_WRONG', `deal ${deal.id} is one of ${terms.client} with provider ${terms.provider}`, {
      hint: 'log in to its provider with the account that made the deal',
    })
  if (!context.acceptDeals) throw new DealsNotTakenError(providerId)
  context.requireServed(terms.rootCid)
  const { head, blockTimeMs, ask, rules } = await context.market()
  if (deal.state !== 'active' || deal.endsAt === undefined || deal.endsAt <= head)
    throw refused('DEAL_OVER', `deal ${deal.id} is ${deal.state}`, {
      hint: 'only a deal that runs is renewed: put again',
    })
  if (request.endsAt <= deal.endsAt)
    throw refused('DEAL_NOT_EXTENDABLE', `deal ${deal.id} ends at ${deal.endsAt}, not before ${request.endsAt}`, {
      hint: 'name a later end',
      details: { deal: deal.id, endsAt: deal.endsAt },
    })
  if (ask === undefined) throw new NoAskError(providerId)
  const bound = { ask, rules, head, blockTimeMs }
  checkBounds(bound, request.endsAt - head)
  const price = BigInt(terms.pricePerEpoch)
  const asked = pricePerEpochBy(ask, terms.pieceSize)
  if (price < asked)
    throw refused('RENEWAL_PRICE_LOW', `deal ${deal.id} pays ${price} attoGRN an epoch, ${asked} are asked by now`, {
      hint: 'put again, for a new deal at the new price',
      details: { paid: `${price}`, asked: `${asked}` },
    })

  const epochs = BigInt(request.endsAt - deal.endsAt)
  const shareBps = shareOf(deal, rules.minCollateralShareBps, ask.collateralShareMaxBps)
  const providerCollateral = divideUp(price * epochs * shareBps, BPS_ONE)
  const free = await context.freeCollateral()
  const needed = providerCollateral + context.offeredCollateral() + renewals.collateralOfOthers(deal.id, head)
  if (free < needed) throw new CollateralShortError(free, needed)

  const renewal: DealRenewal = {
    deal: deal.id,
    agreementId: deal.agreementId,
    startsAt: deal.endsAt,
    endsAt: request.endsAt,
    providerCollateral,
    validUntil: head + Math.ceil(VALID_MS / blockTimeMs),
  }
  renewals.add(renewal)
  return { renewal, signature: await context.signer.sign(typedDealRenewal(context.genesisHash, renewal)) }
}

/** In memory: after a restart the chain refuses what there is no collateral for, at the cost of the client's fee. */
export function createOpenRenewals(): OpenRenewals {
  const open = new Map<number, DealRenewal>()
  return {
    collateralOfOthers(deal, head) {
      let sum = 0n
      for (const [id, { validUntil, providerCollateral }] of open) {
        if (validUntil < head) open.delete(id)
        else if (id !== deal) sum += providerCollateral
      }
      return sum
    },
    add: (renewal) => {
      const before = open.get(renewal.deal)
      // From one end any of them may be the one that is sent: the dearest counts.
      const isDearer = before?.startsAt === renewal.startsAt && before.providerCollateral > renewal.providerCollateral
      open.set(renewal.deal, isDearer ? { ...renewal, providerCollateral: before.providerCollateral } : renewal)
    },
  }
}

type Bounds = Pick<Market, 'rules' | 'head' | 'blockTimeMs'> & { readonly ask: NonNullable<Market['ask']> }

function checkBounds({ ask, rules, head, blockTimeMs }: Bounds, epochsFromNow: number): void {
  if (ask.validUntil < head)
    throw new QuoteBoundError(
      'ASK_EXPIRED',
      `this provider's ask ended ${formatEpochs(head - ask.validUntil, { blockTimeMs })} ago`,
      'try again when it has set a new ask, or put again with another provider',
      { bound: 'validUntil', limit: ask.validUntil, asked: head },
    )
  const durationMax = Math.min(ask.durationMax, rules.durationMax)
  if (epochsFromNow > durationMax)
    throw new QuoteBoundError(
      'DURATION_TOO_LONG',
      `an end in ${formatEpochs(epochsFromNow, { blockTimeMs })} is beyond the limit of ${formatEpochs(durationMax, { blockTimeMs })}`,
      'ask for an earlier end, and renew again later',
      { bound: 'durationMax', limit: durationMax, asked: epochsFromNow },
    )
}

/** The share of the price that the deal has had so far, within what the chain demands and the ask allows. */
function shareOf({ terms }: DealView, minBps: number, maxBps: number): bigint {
  const price = BigInt(terms.pricePerEpoch) * BigInt(terms.duration)
  const soFar = price === 0n ? 0n : divideUp(BigInt(terms.providerCollateral) * BPS_ONE, price)
  const allowed = soFar < BigInt(maxBps) ? soFar : BigInt(maxBps)
  return allowed > BigInt(minBps) ? allowed : BigInt(minBps)
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by
}

function refused(
  code: 'DEAL_CLIENT_WRONG' | 'DEAL_OVER' | 'DEAL_NOT_EXTENDABLE' | 'RENEWAL_PRICE_LOW',
  message: string,
  more: { readonly hint: string; readonly details?: Record<string, unknown> },
): GranaryError {
  return new GranaryError({ code, message, ...more })
}
