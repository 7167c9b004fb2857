/**
 * CancelDeal: the client ends its deal. Before a pre-commit, `cancelShare` of the price goes to the provider, whose
 * disk and work were reserved; after activation what was proven is settled, `cancelShare` of the price of the rest goes
 * to the provider, and the span that is still open is settled when it is decided. While its sector is faulty nothing goes
 * to the provider: the rest comes back, and a claim to the collateral is kept until the sector's fate is known.
 *
 * With `atEnd` the deal goes on to the end that it has, and only its standing order is over.
 *
 * Signed by the client, or a session key with that scope.
 * Costs its fee, and the share.
 * Refuses a deal that there is not (DEAL_NOT_FOUND), another than the client (DEAL_CLIENT_WRONG), a deal that a sector
 * has bound and not yet proven (DEAL_NOT_FREE), one whose sector is being proven again (DEAL_IN_RECOVERY), and one that is
 * over (DEAL_OVER); with `atEnd` one that has no standing order (DEAL_NOT_ORDERED).
 */
import type { DealId, Epoch, ProviderId, SectorNumber } from '@granary/protocol/messages'
import type { Deal } from '@granary/protocol/records'
import { dealStatus } from '../market/deal-status.ts'
import { burn, credit, takeEscrow, unlockCollateral } from '../money/ledger.ts'
import { payProvider } from '../money/pay-provider.ts'
import { BPS_ONE } from '../money/shares.ts'
import { requireSector } from '../proving/faults.ts'
import { partitionOf } from '../proving/partitions.ts'
import { placementOf, standingOf } from '../proving/spans.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { TxError, type TxErrorCode } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import { networkFee, settleDeal } from './settle-deals.ts'

export const cancelDeal: Effect<'CancelDeal'> = (context, { deal: id, atEnd = false }) => {
  const { store, sender, height } = context
  const deal = tables.deals.get(store, id)
  if (deal === undefined) throw refusal('DEAL_NOT_FOUND', `there is no deal ${id}`, 'name a published deal')
  if (deal.terms.client !== sender) {
    throw refusal('DEAL_CLIENT_WRONG', `deal ${id} is one of ${deal.terms.client}`, 'cancel it from that account')
  }
  if (atEnd) {
    endOrder(context, id, deal)
    return
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
  const [faultySince] = faultSince(context, deal.terms.provider, status.sector)
  const settled = settleDeal(context, id, deal, status)
  if (faultySince !== undefined) {
    leaveFaulty(context, id, settled, { endsAt: status.endsAt, activatedAt: status.activatedAt, faultySince })
    return
  }
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

/** What has been paid stays paid, and nobody can have the client pay for more. */
function endOrder({ store }: TxContext, id: DealId, deal: Deal): void {
  if (deal.orderedUntil === 0) {
    throw refusal('DEAL_NOT_ORDERED', `deal ${id} has no standing order`, 'it ends by itself: there is nothing to do')
  }
  tables.deals.put(store, id, { ...deal, orderedUntil: 0 })
}

/**
 * The block since which the sector is faulty, if it is.
 * @throws TxError DEAL_IN_RECOVERY: whether it is will be known soon
 */
function faultSince({ store }: TxContext, provider: ProviderId, number: SectorNumber): readonly [Epoch?] {
  const sector = requireSector(store, provider, number)
  const { stoppedAt } = standingOf(store, provider, sector)
  if (stoppedAt === undefined) return []
  const { recovery } = partitionOf(store, provider, placementOf(sector).partition)
  if (recovery === undefined) return [stoppedAt]
  throw new TxError('DEAL_IN_RECOVERY', {
    message: `sector ${provider}/${number} is being proven again, until epoch ${recovery.deadline}`,
    hint: 'cancel it after that epoch: while the data is still faulty no share is paid, and a claim to the collateral is kept',
    details: { provider, sector: number, deadline: recovery.deadline },
  })
}

/**
 * The provider gets no share: the rest comes back at once, and what becomes of the collateral waits for the sector's fate.
 */
function leaveFaulty(
  { store, height, emit }: TxContext,
  id: DealId,
  deal: Deal,
  span: { readonly endsAt: Epoch; readonly activatedAt: Epoch; readonly faultySince: Epoch },
): void {
  const { client, provider, pricePerEpoch } = deal.terms
  const rest = pricePerEpoch * BigInt(span.endsAt - height)
  takeEscrow(store, client, rest)
  credit(store, client, rest)
  tables.deals.put(store, id, {
    ...deal,
    locked: deal.locked - rest,
    refunded: deal.refunded + rest,
    duration: height - span.activatedAt,
    cancelled: true,
    claim: { amount: rest, faultySince: span.faultySince },
  })
  emit({ type: 'deal:cancelled', deal: id, provider, client, epoch: height, claim: String(rest) })
}

/** Closes a deal that no sector has bound, at once. */
function endUnplaced(context: TxContext, id: DealId, deal: Deal): void {
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
