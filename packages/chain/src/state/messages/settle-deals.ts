/**
 * SettleDeals: pays what has been proven, gives back what was faulted, closes what is over. Anybody may send it; a second
 * time changes nothing. Open spans wait. The network fee of each payment is burnt, rounded up: against the claimant.
 */
import type { SettleDeals } from '../../messages/index.ts'
import type { Effect, TxContext } from '../context.ts'
import { dealStatus, dueEpochs } from '../deal-status.ts'
import { InvariantError, TxError } from '../errors.ts'
import { burn, burnCollateral, credit, takeEscrow, unlockCollateral } from '../ledger.ts'
import { BPS_ONE } from '../params.ts'
import { type Deal, tables } from '../records.ts'

export const settleDeals: Effect<SettleDeals> = (context, { deals }) => {
  for (const id of new Set(deals)) settle(context, id)
}

function settle(context: TxContext, id: number): void {
  const { store, height } = context
  const deal = tables.deals.get(store, id)
  if (deal === undefined) {
    throw new TxError('DEAL_NOT_FOUND', {
      message: `there is no deal ${id}`,
      hint: 'name published deals only',
      details: { deal: id },
    })
  }
  if (deal.closed !== 'no') return
  const status = dealStatus(store, deal, height)
  if (status.state === 'lapsed') lapse(context, id, deal)
  if (status.state === 'active') pay(context, id, deal)
}

function pay(context: TxContext, id: number, deal: Deal): void {
  const { store, params, height, emit } = context
  const { provider, client, pricePerEpoch } = deal.terms
  const status = dealStatus(store, deal, height)
  const due = dueEpochs(store, deal, status)
  if (due.through <= deal.settledThrough || due.proven + due.faulted === 0) return

  const gross = pricePerEpoch * BigInt(due.proven)
  const burnt = networkFee(gross, params.networkFeeBps)
  const paid = gross - burnt
  const refunded = pricePerEpoch * BigInt(due.faulted)
  takeEscrow(store, client, gross + refunded)
  credit(store, payoutOf(context, provider), paid)
  credit(store, client, refunded)
  burn(store, burnt)

  const isOver = status.state === 'active' && due.through === status.endsAt
  const settled: Deal = {
    ...deal,
    closed: isOver ? 'expired' : 'no',
    locked: deal.locked - gross - refunded,
    collateral: isOver ? 0n : deal.collateral,
    paid: deal.paid + paid,
    burnt: deal.burnt + burnt,
    refunded: deal.refunded + refunded,
    provenEpochs: deal.provenEpochs + due.proven,
    faultedEpochs: deal.faultedEpochs + due.faulted,
    settledThrough: due.through,
  }
  tables.deals.put(store, id, settled)
  emit({
    type: 'deal:paid',
    deal: id,
    provider,
    client,
    paid: String(paid),
    burnt: String(burnt),
    refunded: String(refunded),
    provenEpochs: due.proven,
    faultedEpochs: due.faulted,
    epoch: due.through,
  })
  if (!isOver) return
  if (settled.locked !== 0n) throw new InvariantError(`deal ${id} is over with ${settled.locked} attoGRN locked`)
  unlockCollateral(store, provider, deal.collateral)
  emit({ type: 'deal:expired', deal: id, provider, client, epoch: due.through })
}

/** The provider had the data when it signed: what it put up is burnt, and the client has everything back. */
function lapse({ store, height, emit }: TxContext, id: number, deal: Deal): void {
  const { provider, client } = deal.terms
  takeEscrow(store, client, deal.locked)
  credit(store, client, deal.locked)
  burnCollateral(store, provider, deal.collateral)
  tables.deals.put(store, id, {
    ...deal,
    closed: 'lapsed',
    locked: 0n,
    collateral: 0n,
    refunded: deal.locked,
  })
  emit({ type: 'deal:lapsed', deal: id, provider, client, epoch: height, refunded: String(deal.locked) })
}

export function networkFee(gross: bigint, bps: number): bigint {
  const one = BigInt(BPS_ONE)
  return (gross * BigInt(bps) + one - 1n) / one
}

function payoutOf({ store }: TxContext, id: number): `0x${string}` {
  const provider = tables.providers.get(store, id)
  if (provider === undefined) throw new InvariantError(`provider ${id} of a deal is unknown`)
  return provider.payout
}
