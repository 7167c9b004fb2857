/**
 * SettleDeals: pays what has been proven, gives back what was faulted, closes what is over or lost. A second time
 * changes nothing; open spans wait. The network fee of each payment is burnt, rounded up: against the claimant.
 *
 * Signed by anybody, or a session key with that scope.
 * Costs its fee.
 * Refuses a deal that there is not (DEAL_NOT_FOUND).
 */
import type { DealId, Epoch, ProviderId, SectorNumber } from '@granary/protocol/messages'
import { compensationFor, type Deal, type DealStatus } from '@granary/protocol/records'
import { type DueEpochs, dealStatus, dueEpochs } from '../market/deal-status.ts'
import {
  burn,
  burnCollateral,
  changeDealBytes,
  credit,
  takeCollateral,
  takeEscrow,
  unlockCollateral,
} from '../money/ledger.ts'
import { payProvider } from '../money/pay-provider.ts'
import { serviceReward } from '../money/rewards.ts'
import { BPS_ONE } from '../money/shares.ts'
import { creditVesting } from '../money/vesting.ts'
import { dropPay, requireSector } from '../proving/faults.ts'
import { faultedRunTo, recoveryAfter } from '../proving/spans.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { InvariantError, TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const settleDeals: Effect<'SettleDeals'> = (context, { deals }) => {
  for (const id of new Set(deals)) settle(context, id)
}

function settle(context: TxContext, id: DealId): void {
  const { store, height } = context
  const deal = tables.deals.get(store, id)
  if (deal === undefined) {
    throw new TxError('DEAL_NOT_FOUND', {
      message: `there is no deal ${id}`,
      hint: 'name published deals only',
      details: { deal: id },
    })
  }
  settleDeal(context, id, deal, dealStatus(store, deal, height))
}

/** @returns the deal as it is afterwards */
export function settleDeal(context: TxContext, id: DealId, deal: Deal, status: DealStatus): Deal {
  if (deal.closed !== 'no') return deal
  if (status.state === 'lapsed') return lapse(context, id, deal)
  if (status.state !== 'active' && status.state !== 'terminated' && status.state !== 'claimed') return deal
  const due = dueEpochs(context.store, deal, status)
  const settled = due.through > deal.settledThrough && due.proven + due.faulted > 0 ? pay(context, id, deal, due) : deal
  if (due.through < status.endsAt) return settled
  if (status.state === 'claimed') return decideClaim(context, id, settled, status.sector)
  return status.state === 'terminated' ? compensate(context, id, settled) : expire(context, id, settled, status)
}

function pay(context: TxContext, id: DealId, deal: Deal, due: DueEpochs): Deal {
  const { store, params, emit } = context
  const { provider, client, pricePerEpoch } = deal.terms
  const gross = pricePerEpoch * BigInt(due.proven)
  const burnt = networkFee(gross, params.networkFeeBps)
  const paid = gross - burnt
  const refunded = pricePerEpoch * BigInt(due.faulted)
  takeEscrow(store, client, gross + refunded)
  payProvider(context, provider, paid)
  credit(store, client, refunded)
  burn(store, burnt)

  const settled: Deal = {
    ...deal,
    locked: deal.locked - gross - refunded,
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
  creditService(context, id, provider, burnt)
  return settled
}

/** Mints what storing is worth to the network beside the price: a part of the fee that this payment burnt. */
function creditService(context: TxContext, deal: DealId, provider: ProviderId, burnt: bigint): void {
  const amount = serviceReward(context.params, context.height, burnt)
  if (amount === 0n) return
  creditVesting(context, provider, amount)
  context.emit({ type: 'reward:credited', stream: 'service', provider, deal, amount: String(amount) })
}

/**
 * Closes a deal of which all epochs are decided. If it ended in a fault, the collateral pays for that as it would for a
 * terminated sector: otherwise declaring the data faulty and waiting would be a way to leave a deal for nothing.
 */
function expire(
  { store, emit }: TxContext,
  id: DealId,
  deal: Deal,
  { sector: number, endsAt }: { readonly sector: SectorNumber; readonly endsAt: Epoch },
): Deal {
  const { provider, client, pricePerEpoch } = deal.terms
  if (deal.locked !== 0n) throw new InvariantError(`deal ${id} is over with ${deal.locked} attoGRN locked`)
  const faulted = faultedRunTo(store, { provider, number }, requireSector(store, provider, number), endsAt)
  const compensation = compensationFor(deal.collateral, pricePerEpoch * BigInt(faulted))
  const closed: Deal = {
    ...deal,
    closed: deal.cancelled ? 'cancelled' : 'expired',
    collateral: 0n,
    compensated: compensation,
  }
  tables.deals.put(store, id, closed)
  // The pay of a deal that ended in a fault stays in the sector's income. Otherwise waiting for that end would make the
  // termination of the sector cheaper.
  if (faulted === 0) dropPay(store, provider, number, pricePerEpoch)
  changeDealBytes(store, provider, -deal.terms.pieceSize)
  takeCollateral(store, provider, compensation)
  credit(store, client, compensation)
  unlockCollateral(store, provider, deal.collateral - compensation)
  const epoch = deal.settledThrough
  emit({ type: 'deal:expired', deal: id, provider, client, epoch, compensation: String(compensation) })
  return closed
}

/**
 * Decides the claim of a client that left its deal while the data was faulty. If the sector recovers within its grace, the
 * collateral is returned as if the client had stayed; if it recovers later, the client gets its claim; if it is lost, the
 * claim is paid as for a termination. Until then the claim waits.
 */
function decideClaim(context: TxContext, id: DealId, deal: Deal, number: SectorNumber): Deal {
  const { store, params, emit } = context
  const { provider, client, pricePerEpoch } = deal.terms
  const { claim } = deal
  if (claim === undefined || deal.locked !== 0n) throw new InvariantError(`deal ${id} is left and not settled`)
  const sector = requireSector(store, provider, number)
  const recoveredAt = recoveryAfter(store, { provider, number }, claim.faultySince)
  const isOpen = sector.status === 'active'
  if (recoveredAt === undefined && isOpen) return deal
  const isInGrace = recoveredAt !== undefined && recoveredAt - claim.faultySince <= params.faultGrace
  const compensation = isInGrace ? 0n : compensationFor(deal.collateral, claim.amount)
  const closed: Deal = { ...deal, closed: 'cancelled', collateral: 0n, compensated: compensation }
  tables.deals.put(store, id, closed)
  takeCollateral(store, provider, compensation)
  credit(store, client, compensation)
  if (recoveredAt === undefined) burnCollateral(store, provider, deal.collateral - compensation)
  else unlockCollateral(store, provider, deal.collateral - compensation)
  changeDealBytes(store, provider, -deal.terms.pieceSize)
  dropPay(store, provider, number, pricePerEpoch)
  const epoch = deal.settledThrough
  emit({ type: 'deal:expired', deal: id, provider, client, epoch, compensation: String(compensation) })
  return closed
}

/**
 * Closes a deal whose sector is lost: the client gets the rest back and up to as much again from the collateral, of which
 * what is left burns.
 */
function compensate({ store, emit }: TxContext, id: DealId, deal: Deal): Deal {
  const { provider, client } = deal.terms
  const compensation = compensationFor(deal.collateral, deal.locked)
  const closed: Deal = {
    ...deal,
    closed: 'terminated',
    locked: 0n,
    collateral: 0n,
    refunded: deal.refunded + deal.locked,
    compensated: compensation,
  }
  tables.deals.put(store, id, closed)
  changeDealBytes(store, provider, -deal.terms.pieceSize)
  takeEscrow(store, client, deal.locked)
  takeCollateral(store, provider, compensation)
  credit(store, client, deal.locked + compensation)
  burnCollateral(store, provider, deal.collateral - compensation)
  emit({
    type: 'deal:terminated',
    deal: id,
    provider,
    client,
    epoch: deal.settledThrough,
    refunded: String(deal.locked),
    compensation: String(compensation),
  })
  return closed
}

/**
 * Closes a deal that no sector took in time. The provider had the data when it signed, so that its collateral is burnt; the
 * client gets all back.
 */
function lapse({ store, height, emit }: TxContext, id: DealId, deal: Deal): Deal {
  const { provider, client } = deal.terms
  takeEscrow(store, client, deal.locked)
  credit(store, client, deal.locked)
  burnCollateral(store, provider, deal.collateral)
  const closed: Deal = { ...deal, closed: 'lapsed', locked: 0n, collateral: 0n, refunded: deal.locked }
  tables.deals.put(store, id, closed)
  emit({ type: 'deal:lapsed', deal: id, provider, client, epoch: height, refunded: String(deal.locked) })
  return closed
}

export function networkFee(gross: bigint, bps: number): bigint {
  const one = BigInt(BPS_ONE)
  return (gross * BigInt(bps) + one - 1n) / one
}
