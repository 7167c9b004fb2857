/** What can be done with a deal after its put: loaded when it is done. */
import type { TxView } from '@granary/protocol/client'
import type { SpendOptions } from '../account/send-once.ts'
import type { CallOptions } from '../call-options.ts'
import type { Ports } from '../ports.ts'
import { endpointOf } from '../providers/rank-providers.ts'
import { type CancelOptions, type CancelPlan, cancelDeal, planCancel } from './cancel-deal.ts'
import { type DealView, viewDeals } from './deal-view.ts'
import type { Extended, ExtendWish } from './extend-wish.ts'
import type { ExtensionPlan } from './extension-plan.ts'
import { type FollowUntilOptions, followUntil } from './follow-until.ts'
import { planRenewal, type RenewalPlan, renewDeal } from './renew-deal.ts'
import { type Settled, settleDeals } from './settle-deals.ts'
import { planTopUp, topUpDeal } from './top-up-deal.ts'

export interface DealVerbs {
  /** Tells what happens to a deal until it is active, or until an entry of its story. */
  follow(dealId: number, options?: FollowUntilOptions): Promise<DealView>
  /** What more time for a deal costs, by a top-up that its terms allow; nothing is signed. */
  planTopUp(wish: ExtendWish, options?: CallOptions): Promise<ExtensionPlan>
  /** More time for a deal whose terms allow it, without its provider; a call that died is finished by the same call, once. */
  topUp(wish: ExtendWish, options?: SpendOptions<ExtensionPlan>): Promise<Extended>
  /** Asks the provider of a deal to sign for more time, which binds nobody. */
  planRenewal(wish: ExtendWish, options?: CallOptions): Promise<RenewalPlan>
  /** More time for a deal, as its provider signs for; a call that died is finished by the same call, once. */
  renew(wish: ExtendWish, options?: SpendOptions<RenewalPlan>): Promise<Extended>
  /** What would come back from a deal that is left now. */
  planCancel(deal: number, options?: CallOptions): Promise<CancelPlan>
  /** Leaves a deal, or with `atEnd` its standing order. */
  cancel(deal: number, options?: CancelOptions): Promise<TxView>
  /** Has the chain pay what is proven, and give back what is over. @param deals default: those of the account that have ended */
  settle(deals?: readonly number[], options?: CallOptions): Promise<Settled>
}

export type DealPorts = Pick<Ports, 'chain' | 'account' | 'journal' | 'outbox' | 'lock' | 'fetch' | 'clock'>

export function dealVerbs({ chain, account: signer, journal, outbox, lock, fetch, clock }: DealPorts): DealVerbs {
  return {
    async follow(dealId, options = {}) {
      const { signal } = options
      const { agreementId, terms } = await chain.deal(dealId, { signal })
      const endpoint = endpointOf(await chain.provider(terms.provider, { signal })) ?? ''
      const deal = await followUntil({ chain, clock, fetch, endpoint, dealId, agreementId }, options)
      const [view] = await viewDeals({ chain, journal, deals: [deal] }, { signal })
      return view!
    },
    planTopUp: (wish, options) => planTopUp({ ...wish, chain, payer: signer.address }, options),
    topUp: (wish, options) => topUpDeal({ chain, signer, outbox, lock }, wish, options),
    planRenewal: (wish, options) => planRenewal({ chain, signer, fetch, clock }, wish, options),
    renew: (wish, options) => renewDeal({ chain, signer, outbox, lock, fetch, clock }, wish, options),
    planCancel: (deal, options) => planCancel({ chain, deal, account: signer.address }, options),
    cancel: (deal, options) => cancelDeal({ chain, signer, deal }, options),
    settle: (deals, options) => settleDeals({ chain, signer, deals }, options),
  }
}
