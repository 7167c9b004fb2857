/** More time for a deal by agreement with its provider, which signs for it and adds to its collateral. */
import { type ChainClient, estimateFee, type ProviderView } from '@granary/protocol/client'
import type { AttoGrn, DealRenewal, Epoch } from '@granary/protocol/messages'
import type { Spender, SpendOptions } from '../account/send-once.ts'
import type { CallOptions } from '../call-options.ts'
import type { Clock, Fetch } from '../ports.ts'
import { login } from '../providers/login.ts'
import { endpointOf } from '../providers/rank-providers.ts'
import { ProviderUnreachableError } from '../providers/request-json.ts'
import { requestRenewal, type SignedRenewal } from '../providers/request-renewal.ts'
import { extendOnce } from './extend-once.ts'
import { type EpochWish, type Extended, type ExtendWish, endOf, inEpochs } from './extend-wish.ts'
import { type ExtensionPlan, planExtension } from './extension-plan.ts'
import { EndOutOfReachError, type RunningDeal, readRunningDeal } from './read-running-deal.ts'

/** The signer is the client of the deal. */
export interface Renewer extends Spender {
  readonly fetch: Fetch
  readonly clock: Clock
}

/** What a renewal comes to, before anything is spent. */
export interface RenewalPlan extends ExtensionPlan {
  readonly provider: number
  /** Added to what the provider has put up for the deal, in attoGRN. */
  readonly providerCollateral: AttoGrn
  /** What the provider has signed: it is published as it is, within minutes. */
  readonly signed: SignedRenewal
}

/** Asks the provider, which binds nobody. @throws TIME_INVALID, DealNotRunningError, EndOutOfReachError, ExtensionFundsError, its refusal */
export async function planRenewal(
  renewer: Omit<Renewer, 'outbox' | 'lock'>,
  wish: ExtendWish,
  options: CallOptions = {},
): Promise<RenewalPlan> {
  return await planInEpochs(renewer, inEpochs(wish, await renewer.chain.status(options)), options)
}

async function planInEpochs(
  { chain, signer, fetch, clock }: Omit<Renewer, 'outbox' | 'lock'>,
  wish: EpochWish,
  options: CallOptions,
): Promise<RenewalPlan> {
  const running = await readRunningDeal(chain, wish.deal, options)
  const { deal, endsAt, status } = running
  const until = endOf(wish, endsAt)
  await checkReach(chain, running, until, options)
  const view = await chain.provider(deal.terms.provider, options)
  const endpoint = requireEndpoint(view)
  const { genesisHash } = status
  const { token } = await login({ endpoint, provider: view.id, genesisHash, signer, fetch, clock }, options)
  const { minCollateralShareBps } = await chain.params(options)
  const signed = await requestRenewal(
    { endpoint, provider: view, genesisHash, token, deal, endsAt, time: status, until, minCollateralShareBps, fetch },
    options,
  )
  const fees = await estimateFee({ chain, kind: 'RenewDeal', body: signed }, options)
  const plan = await planExtension({ chain, payer: signer.address, running, until, fees }, options)
  return { ...plan, provider: view.id, providerCollateral: signed.renewal.providerCollateral, signed }
}

/**
 * Publishes what the provider has signed, once, as extendOnce says.
 * @throws as planRenewal and sendOnce, and what `confirm` throws
 */
export async function renewDeal(
  renewer: Renewer,
  wish: ExtendWish,
  options: SpendOptions<RenewalPlan> = {},
): Promise<Extended> {
  const { confirm, ...call } = options
  const asked = inEpochs(wish, await renewer.chain.status(call))
  const isSame = ({ renewal: { deal, startsAt, endsAt } }: { readonly renewal: DealRenewal }) =>
    deal === asked.deal && (asked.epochs === undefined || asked.epochs === endsAt - startsAt)
  const plan = async () => {
    const planned = await planInEpochs(renewer, asked, call)
    await confirm?.(planned)
    return { body: planned.signed, feeMax: planned.totalMax - planned.price }
  }
  return await extendOnce({ ...renewer, kind: 'RenewDeal', isSame, plan }, asked, call)
}

async function checkReach(chain: ChainClient, running: RunningDeal, until: Epoch, options: CallOptions): Promise<void> {
  const { endsAt, status } = running
  const { dealDurationMax } = await chain.params(options)
  const latest = status.height + dealDurationMax
  if (until <= endsAt) throw new EndOutOfReachError(running, until, latest, 'that is no later end')
  if (until > latest) throw new EndOutOfReachError(running, until, latest, 'that is longer than a deal may last')
}

function requireEndpoint(view: ProviderView): string {
  const endpoint = endpointOf(view)
  if (endpoint === undefined) throw new ProviderUnreachableError(`provider ${view.id}`, 'it has no HTTP address')
  return endpoint
}
