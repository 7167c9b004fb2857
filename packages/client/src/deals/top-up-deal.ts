/** More time for a deal whose terms say how far it may be extended: by anybody, without its provider, at its own price. */
import { type ChainClient, estimateFee, type TxView } from '@granary/protocol/client'
import type { Address, Epoch } from '@granary/protocol/messages'
import { type Spender, sendOnce } from '../account/send-once.ts'
import type { CallOptions } from '../call-options.ts'
import { type ExtensionPlan, planExtension } from './extension-plan.ts'
import { EndOutOfReachError, readRunningDeal } from './read-running-deal.ts'

/** Which deal is to go on for how long. */
export interface ExtendWish {
  readonly deal: number
  /** The epoch at which the deal is to end. */
  readonly until: Epoch
}

export interface PlanTopUpInput extends ExtendWish {
  readonly chain: ChainClient
  readonly payer: Address
}

/** @throws DealNotRunningError, EndOutOfReachError, ExtensionFundsError */
export async function planTopUp(
  { chain, payer, deal: id, until }: PlanTopUpInput,
  options: CallOptions = {},
): Promise<ExtensionPlan> {
  const running = await readRunningDeal(chain, id, options)
  const { endsAt, sector, deal } = running
  const extendableUntil = Number(deal.terms.extendableUntil ?? 0)
  const latest = Math.min(extendableUntil, sector.expiry)
  if (until <= endsAt || until > latest)
    throw new EndOutOfReachError(id, endsAt, until, latest, reasonOf(until, endsAt, extendableUntil, sector.expiry))
  const body = { deal: id, epochs: until - endsAt }
  const fees = await estimateFee({ chain, kind: 'TopUpDeal', body }, options)
  return await planExtension({ chain, payer, running, until, fees }, options)
}

/** A deal that goes on longer, and what it cost. */
export interface Extended {
  readonly tx: TxView
  /** An earlier call has brought the deal to its end, and did not see it: nothing was sent now. */
  readonly resumed: boolean
  readonly endsAt: Epoch
}

/**
 * Once: what an earlier call has sent for this deal is finished first, and then nothing more is sent.
 * @throws as planTopUp and sendOnce
 */
export async function topUpDeal(spender: Spender, wish: ExtendWish, options: CallOptions = {}): Promise<Extended> {
  const { chain, signer } = spender
  const { epochs } = await planTopUp({ chain, payer: signer.address, ...wish }, options)
  const body = { deal: wish.deal, epochs }
  const { tx, resumed } = await sendOnce(
    { ...spender, kind: 'TopUpDeal', body, isSame: ({ deal }) => deal === wish.deal },
    options,
  )
  const { endsAt } = await chain.deal(wish.deal, options)
  return { tx, resumed, endsAt: endsAt ?? wish.until }
}

function reasonOf(until: Epoch, endsAt: Epoch, extendableUntil: Epoch, expiry: Epoch): string {
  if (until <= endsAt) return 'that is no later end'
  if (extendableUntil === 0) return 'its terms do not say that it may be extended; its provider may renew it'
  if (until > extendableUntil) return `its terms allow epoch ${extendableUntil} at most`
  return `its sector ends at epoch ${expiry}`
}
