/**
 * What a top-up and a renewal have in common: the deal is active, its sector was proven lately, and its end moves out. Its
 * sector lasts as long: the provider has signed for that, in the terms or in the renewal.
 */
import { type Address, AMOUNT_MAX, type DealId } from '@granary/protocol/messages'
import type { Deal } from '@granary/protocol/records'
import { fundEscrow } from '../money/ledger.ts'
import { extendSector } from '../proving/extend-sector.ts'
import { requireSector } from '../proving/faults.ts'
import { requireRecentProof } from '../proving/require-sector.ts'
import { placementOf } from '../proving/spans.ts'
import type { TxContext } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import { dealStatus } from './deal-status.ts'

export interface Extendable {
  readonly deal: Deal
  readonly endsAt: number
}

/** @throws TxError DEAL_NOT_FOUND, DEAL_OVER, SECTOR_NOT_SOUND */
export function requireExtendable(context: TxContext, id: DealId): Extendable {
  const { store, height } = context
  const deal = tables.deals.get(store, id)
  if (deal === undefined) {
    throw new TxError('DEAL_NOT_FOUND', { message: `there is no deal ${id}`, hint: 'name a published deal' })
  }
  const status = dealStatus(store, deal, height)
  if (status.state !== 'active' || status.endsAt <= height || deal.cancelled) {
    throw new TxError('DEAL_OVER', {
      message: `deal ${id} is not active any more, or not yet`,
      hint: 'agree on a new deal',
    })
  }
  requireRecentProof(context, deal.terms.provider, status.sector)
  return { deal, endsAt: status.endsAt }
}

/** @param collateral: of the provider, locked already */
export function extendDeal(
  context: TxContext,
  id: DealId,
  deal: Deal,
  { epochs, payer, collateral }: { readonly epochs: number; readonly payer: Address; readonly collateral: bigint },
): void {
  const { store, emit } = context
  const { client, provider, pricePerEpoch } = deal.terms
  const price = pricePerEpoch * BigInt(epochs)
  if (deal.locked + price > AMOUNT_MAX) {
    throw new TxError('DEAL_TERMS_INVALID', { message: `a price of ${price} attoGRN`, hint: 'add fewer epochs' })
  }
  fundEscrow(store, payer, client, price)
  const duration = deal.duration + epochs
  const { sector: number } = deal
  const sector = requireSector(store, provider, number!)
  const end = placementOf(sector).activatedAt + duration
  tables.sectors.put(store, provider, number!, { ...sector, dealsEnd: Math.max(sector.dealsEnd, end) })
  extendSector(context, provider, number!, end)
  tables.deals.put(store, id, {
    ...deal,
    duration,
    locked: deal.locked + price,
    collateral: deal.collateral + collateral,
  })
  emit({ type: 'deal:extended', deal: id, provider, client, epochs, locked: String(price) })
}
