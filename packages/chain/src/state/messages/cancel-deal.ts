/**
 * CancelDeal: the client ends its deal. Before a pre-commit, `cancelShare` of the price goes to the provider, whose
 * disk and work were reserved; after activation what was proven is settled, `cancelShare` of the price of the rest goes
 * to the provider, and the span that is still open is settled when it is decided.
 *
 * Signed by the client, or a session key with that scope.
 * Costs its fee, and the share.
 * Refuses a deal that there is not (DEAL_NOT_FOUND), another than the client (DEAL_CLIENT_WRONG), a deal that a sector
 * has bound and not yet proven (DEAL_NOT_FREE), and one that is over (DEAL_OVER).
 */
import type { CancelDeal } from '../../messages/index.ts'
import type { Effect, TxContext } from '../context.ts'
import { dealStatus } from '../deal-status.ts'
import { TxError, type TxErrorCode } from '../errors.ts'
import { burn, credit, takeEscrow, unlockCollateral } from '../ledger.ts'
import { BPS_ONE } from '../params.ts'
import { payProvider } from '../pay-provider.ts'
import type { Deal } from '../records/deals.ts'
import { tables } from '../tables.ts'
import { networkFee, settleDeal } from './settle-deals.ts'

export const cancelDeal: Effect<CancelDeal> = (context, { deal: id }) => {
  const { store, sender, height } = context
  const deal = tables.deals.get(store, id)
  if (deal === undefined) throw refusal('DEAL_NOT_FOUND', `there is no deal ${id}`, 'name a published deal')
  if (deal.terms.client !== sender) {
    throw refusal('DEAL_CLIENT_WRONG', `deal ${id} is one of ${deal.terms.client}`, 'cancel it from that account')
  }
  const status = dealStatus(store, deal, height)
  if (status.state === 'committed') {
    throw refusal('DEAL_NOT_FREE', `deal ${id} is bound by sector ${status.sector}`, 'wait until it is proven or free')
  }
  if (status.state === 'published') {
    endUnplaced(context, id, deal)
    return
  }
  if (status.state !== 'active' || status.endsAt <= height || deal.cancelled) {
    throw refusal('DEAL_OVER', `deal ${id} is over or cancelled`, 'settle it instead')
  }
  const settled = settleDeal(context, id, deal, status)
  const { client, provider, pricePerEpoch } = settled.terms
  const rest = pricePerEpoch * BigInt(status.endsAt - height)
  const moneys = share(context, settled, rest)
  tables.deals.put(store, id, {
    ...settled,
    ...moneys,
    locked: settled.locked - rest,
    duration: height - status.activatedAt,
    cancelled: true,
  })
  context.emit({ type: 'deal:cancelled', deal: id, provider, client, epoch: height })
}

/** No sector has bound it: it is closed at once. */
function endUnplaced(context: TxContext, id: number, deal: Deal): void {
  const { store, height, emit } = context
  const { client, provider } = deal.terms
  const moneys = share(context, deal, deal.locked)
  tables.deals.put(store, id, {
    ...deal,
    ...moneys,
    closed: 'cancelled',
    locked: 0n,
    collateral: 0n,
    cancelled: true,
  })
  unlockCollateral(store, provider, deal.collateral)
  emit({ type: 'deal:cancelled', deal: id, provider, client, epoch: height })
}

/** The provider's share of what will not be used, rounded down and less the network's fee; the rest goes back. */
function share(context: TxContext, deal: Deal, rest: bigint): Pick<Deal, 'paid' | 'burnt' | 'refunded'> {
  const { store, params } = context
  const { client, provider } = deal.terms
  const gross = (rest * BigInt(params.cancelShareBps)) / BigInt(BPS_ONE)
  const burnt = networkFee(gross, params.networkFeeBps)
  takeEscrow(store, client, rest)
  payProvider(context, provider, gross - burnt)
  credit(store, client, rest - gross)
  burn(store, burnt)
  return { paid: deal.paid + gross - burnt, burnt: deal.burnt + burnt, refunded: deal.refunded + rest - gross }
}

function refusal(code: TxErrorCode, message: string, hint: string): TxError {
  return new TxError(code, { message, hint })
}
