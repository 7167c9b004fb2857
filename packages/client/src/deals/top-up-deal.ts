/** More time for a deal whose terms say how far it may be extended: by anybody, without its provider, at its own price. */
import { type ChainClient, estimateFee } from '@granary/protocol/client'
import { momentOf } from '@granary/protocol/epochs'
import type { Address, Epoch } from '@granary/protocol/messages'
import type { Spender, SpendOptions } from '../account/send-once.ts'
import type { CallOptions } from '../call-options.ts'
import { extendOnce } from './extend-once.ts'
import { type EpochWish, type Extended, type ExtendWish, endOf, inEpochs } from './extend-wish.ts'
import { type ExtensionPlan, planExtension } from './extension-plan.ts'
import { EndOutOfReachError, type RunningDeal, readRunningDeal } from './read-running-deal.ts'

export type PlanTopUpInput = ExtendWish & {
  readonly chain: ChainClient
  readonly payer: Address
}

const RENEW = '`granary renew DEAL` asks its provider for more time; or put again, for a new deal'

/** @throws TIME_INVALID, DealNotRunningError, EndOutOfReachError, ExtensionFundsError */
export async function planTopUp(input: PlanTopUpInput, options: CallOptions = {}): Promise<ExtensionPlan> {
  const { chain, payer } = input
  const wish = inEpochs(input, await chain.status(options))
  return await planInEpochs({ chain, payer, wish }, options)
}

interface TopUpInEpochs {
  readonly chain: ChainClient
  readonly payer: Address
  readonly wish: EpochWish
}

async function planInEpochs({ chain, payer, wish }: TopUpInEpochs, options: CallOptions): Promise<ExtensionPlan> {
  const id = wish.deal
  const running = await readRunningDeal(chain, id, options)
  const { endsAt, deal, status } = running
  const until = endOf(wish, endsAt)
  const extendableUntil = Number(deal.terms.extendableUntil ?? 0)
  const { dealDurationMax } = await chain.params(options)
  const latest = Math.min(extendableUntil, status.height + dealDurationMax)
  if (until <= endsAt || until > latest)
    throw new EndOutOfReachError(running, until, latest, reasonOf(running, until, extendableUntil), RENEW)
  const body = { deal: id, epochs: until - endsAt }
  const fees = await estimateFee({ chain, kind: 'TopUpDeal', body }, options)
  return await planExtension({ chain, payer, running, until, fees }, options)
}

/**
 * Once, as extendOnce says.
 * @throws as planTopUp and sendOnce, and what `confirm` throws
 */
export async function topUpDeal(
  spender: Spender,
  wish: ExtendWish,
  options: SpendOptions<ExtensionPlan> = {},
): Promise<Extended> {
  const { chain, signer } = spender
  const { confirm, ...call } = options
  const asked = inEpochs(wish, await chain.status(call))
  // What an earlier message of an end that is wished for was, its epochs alone do not say.
  const isSame = ({ deal, epochs }: { readonly deal: number; readonly epochs: number }) =>
    deal === asked.deal && (asked.epochs === undefined || asked.epochs === epochs)
  const plan = async () => {
    const planned = await planInEpochs({ chain, payer: signer.address, wish: asked }, call)
    await confirm?.(planned)
    return { body: { deal: wish.deal, epochs: planned.epochs }, feeMax: planned.totalMax - planned.price }
  }
  return await extendOnce({ ...spender, kind: 'TopUpDeal', isSame, plan }, asked, call)
}

function reasonOf({ endsAt, status }: RunningDeal, until: Epoch, extendableUntil: Epoch): string {
  if (until <= endsAt) return 'that is no later end'
  if (extendableUntil === 0) return 'its terms do not say that it may be extended; its provider may renew it'
  if (until > extendableUntil) return `its terms allow ${momentOf(extendableUntil, status)} at most`
  return 'that is longer than a deal may last'
}
