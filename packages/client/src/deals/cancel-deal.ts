/** The client leaves a deal: what comes back, and what that costs, is known before. docs/spec/chain.md section 2. */
import { GranaryError } from '@granary/base'
import { type ChainClient, type DealView, estimateFee, sendMessage, type TxView } from '@granary/protocol/client'
import type { Address, AttoGrn, Epoch, Signer } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { DealNotRunningError } from './read-running-deal.ts'

/** Amounts in attoGRN, as they would be in the next block. */
export interface CancelPlan {
  readonly deal: number
  /** Of the price of the time that will not be used. */
  readonly rest: AttoGrn
  /** Of it, to the provider: nothing while its data is faulty. */
  readonly share: AttoGrn
  readonly back: AttoGrn
  /** What the provider's collateral may still pay, when its sector does not recover. */
  readonly claim: AttoGrn
  readonly fee: AttoGrn
  readonly feeMax: AttoGrn
}

export interface CancelInput {
  readonly chain: ChainClient
  readonly deal: number
}

/** Of a deal that somebody would leave. */
export interface PlanCancelInput extends CancelInput {
  /** Who would send it: of another's deal it is said that the chain refuses it. @default its client */
  readonly account?: Address | undefined
}

/** How a deal is left. */
export interface CancelOptions extends CallOptions {
  /** It goes on to the end that is paid, and only its standing order is over. @default false */
  readonly atEnd?: boolean | undefined
}

const BPS_ONE = 10_000n

/** A sector has bound the deal and is not proven yet: in this time nobody may leave. */
export class DealBoundError extends GranaryError {
  constructor({ id, sector }: DealView) {
    super({
      code: 'DEAL_NOT_FREE',
      message: `deal ${id} is bound by sector ${sector?.number ?? '?'}, which is being proven`,
      hint: 'cancel it when it is active, or free again',
      details: { deal: id },
    })
  }
}

/** Only its client may leave a deal: the chain would refuse it, for the fee. */
export class DealOfAnotherError extends GranaryError {
  constructor({ id, terms: { client } }: DealView) {
    super({
      code: 'DEAL_CLIENT_WRONG',
      message: `deal ${id} is one of ${client}`,
      hint: 'cancel it from that account',
      details: { deal: id, client },
    })
  }
}

/** @throws DealOfAnotherError, DealNotRunningError DEAL_OVER, DealBoundError DEAL_NOT_FREE; GranaryError DEAL_NOT_FOUND */
export async function planCancel(
  { chain, deal: id, account }: PlanCancelInput,
  options: CallOptions = {},
): Promise<CancelPlan> {
  const [deal, { height }, params, { fee, feeMax }] = await Promise.all([
    chain.deal(id, options),
    chain.status(options),
    chain.params(options),
    estimateFee({ chain, kind: 'CancelDeal', body: { deal: id } }, options),
  ])
  requireClient(deal, account)
  const { rest, isFaulty } = await restOf(chain, deal, height + 1, options)
  const share = isFaulty ? 0n : (rest * BigInt(params.cancelShareBps)) / BPS_ONE
  return { deal: id, rest, share, back: rest - share, claim: isFaulty ? rest : 0n, fee, feeMax }
}

/** What it is that a standing order ends. */
export interface EndOrderPlan {
  readonly deal: number
  /** The end that is paid; null: it is not known before its sector is proven. */
  readonly endsAt: Epoch | null
  /** attoGRN: the most that the message costs. */
  readonly feeMax: AttoGrn
}

/** There is nothing to end: the chain would refuse it, for the fee. */
export class DealNotOrderedError extends GranaryError {
  constructor(deal: number) {
    super({
      code: 'DEAL_NOT_ORDERED',
      message: `deal ${deal} has no standing order`,
      hint: 'it ends by itself: there is nothing to do',
      details: { deal },
    })
  }
}

/** @throws DealOfAnotherError, DealNotOrderedError; GranaryError DEAL_NOT_FOUND */
export async function planEndOrder(
  { chain, deal, account }: PlanCancelInput,
  options: CallOptions = {},
): Promise<EndOrderPlan> {
  const [view, { feeMax }] = await Promise.all([
    chain.deal(deal, options),
    estimateFee({ chain, kind: 'CancelDeal', body: { deal, atEnd: true } }, options),
  ])
  requireClient(view, account)
  const { endsAt = null, orderedUntil } = view
  if (orderedUntil === undefined) throw new DealNotOrderedError(deal)
  return { deal, endsAt, feeMax }
}

/** @returns what became of it; a deal that is cancelled already is not cancelled again: the chain refuses it (DEAL_OVER) */
export async function cancelDeal(
  { chain, deal, signer }: CancelInput & { readonly signer: Signer },
  { atEnd = false, ...options }: CancelOptions = {},
): Promise<TxView> {
  return await sendMessage({ chain, signer, kind: 'CancelDeal', body: { deal, ...(atEnd && { atEnd }) } }, options)
}

function requireClient(deal: DealView, account?: Address): void {
  if (account !== undefined && deal.terms.client !== account) throw new DealOfAnotherError(deal)
}

async function restOf(
  chain: ChainClient,
  deal: DealView,
  height: number,
  options: CallOptions,
): Promise<{ readonly rest: bigint; readonly isFaulty: boolean }> {
  const { state, endsAt, sector, locked, terms } = deal
  if (state === 'published') return { rest: BigInt(locked), isFaulty: false }
  if (state === 'committed') throw new DealBoundError(deal)
  if (state !== 'active' || endsAt === undefined || sector === undefined || endsAt <= height)
    throw new DealNotRunningError(deal)
  const { state: sectorState } = await chain.sector(sector.provider, sector.number, options)
  return { rest: BigInt(terms.pricePerEpoch) * BigInt(endsAt - height), isFaulty: sectorState === 'faulty' }
}
