/** The client over the ports of the place that it runs in: nothing here needs Node. */
import type { DealView, TxView } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import type { Authorized, KeyGrant } from './account/authorize-key.ts'
import type { SentOnce, Spender } from './account/send-once.ts'
import type { TransferPlan, TransferWish } from './account/transfer.ts'
import type { CallOptions } from './call-options.ts'
import type { CancelPlan } from './deals/cancel-deal.ts'
import type { ExtensionPlan } from './deals/extension-plan.ts'
import { type FollowUntilOptions, followUntil } from './deals/follow-until.ts'
import type { OwnDeal, SettleOptions } from './deals/list-deals.ts'
import type { RenewalPlan } from './deals/renew-deal.ts'
import type { Settled } from './deals/settle-deals.ts'
import type { ContentStatus } from './deals/status.ts'
import type { Extended, ExtendWish } from './deals/top-up-deal.ts'
import type { Ports, Sink, Source } from './ports.ts'
import { endpointOf } from './providers/choose-provider.ts'
import type { FetchOptions, GetOptions, Retrieved } from './retrieve/get.ts'
import type { ListedEntry } from './retrieve/ls.ts'
import type { SaveResult } from './retrieve/save.ts'
import type { Content, ContentSource } from './sources/content-source.ts'
import type { PutOptions, PutResult } from './upload/put-prepared.ts'
import type { Upload } from './upload/upload.ts'
import type { UploadQuote } from './upload/upload-quote.ts'

export interface Granary<S extends Source = ContentSource> {
  /** Stores a file or folder; resolves when its deals are active. The same call after a kill goes on where it was. */
  put(source: Content | ContentSource | S, options?: PutOptions): Promise<PutResult>
  /** The same, to be looked at, begun, waited for and ended. */
  upload(source: Content | ContentSource | S, options?: PutOptions): Promise<Upload>
  /** Who would store it, why, and the whole price; nothing is spent. */
  quote(source: Content | ContentSource | S, options?: PutOptions): Promise<UploadQuote>
  /**
   * Finds content by its root CID, with a path below it: what it is and how long, and its bytes as a stream, verified block by
   * block, from whichever providers give them.
   */
  get(rootOrPath: string, options?: GetOptions): Promise<Retrieved>
  /** What is in a folder, as it comes. */
  ls(rootOrPath: string, options?: FetchOptions): AsyncIterable<ListedEntry>
  /** Fetches a file into a sink: all of it, or nothing. */
  save(rootOrPath: string, sink: Sink, options?: GetOptions): Promise<SaveResult>
  /** Sends money, in attoGRN; a call that died before its end is finished by the same call, and pays once. */
  transfer(wish: TransferWish, options?: CallOptions): Promise<SentOnce>
  /** What a transfer costs; nothing is signed. */
  planTransfer(wish: TransferWish, options?: CallOptions): Promise<TransferPlan>
  /** Lets a session key sign for the account, within scopes, a time and a limit. */
  authorizeKey(grant: KeyGrant, options?: CallOptions): Promise<Authorized>
  /** From its block on the session key signs nothing any more. */
  revokeKey(publicKey: Hash, options?: CallOptions): Promise<TxView>
  /** What more time for a deal costs, by a top-up that its terms allow; nothing is signed. */
  planTopUp(wish: ExtendWish, options?: CallOptions): Promise<ExtensionPlan>
  /** More time for a deal whose terms allow it, without its provider; a call that died is finished by the same call, once. */
  topUp(wish: ExtendWish, options?: CallOptions): Promise<Extended>
  /** Asks the provider of a deal to sign for more time, which binds nobody. */
  planRenewal(wish: ExtendWish, options?: CallOptions): Promise<RenewalPlan>
  /** More time for a deal, as its provider has signed for; without a plan it is asked first. */
  renew(wish: ExtendWish | RenewalPlan, options?: CallOptions): Promise<TxView>
  /** What would come back from a deal that is left now. */
  planCancel(deal: number, options?: CallOptions): Promise<CancelPlan>
  /** Leaves a deal. */
  cancel(deal: number, options?: CallOptions): Promise<TxView>
  /** Has the chain pay what is proven, and give back what is over. @param deals default: those of the account that have ended */
  settle(deals?: readonly number[], options?: CallOptions): Promise<Settled>
  /** Tells what happens to a deal until it is active, or until an entry of its story. */
  follow(dealId: number, options?: FollowUntilOptions): Promise<DealView>
  /** Deals of this account; those that have ended are settled first. */
  deals(options?: SettleOptions): Promise<OwnDeal[]>
  /** Who holds a CID, what is proven and paid; deals of this account among them that have ended are settled first. */
  status(cid: string, options?: SettleOptions): Promise<ContentStatus>
}

export function createGranary<S extends Source = ContentSource>(ports: Ports<S | ContentSource>): Granary<S> {
  const { chain, account, journal, clock, fetch } = ports
  return {
    // Imported where it is used: a page that only fetches does not load it.
    put: async (source, options) => (await import('./upload/put.ts')).put(ports, source, options),
    upload: async (source, options) => (await import('./upload/put.ts')).upload(ports, source, options),
    quote: async (source, options) => (await import('./upload/put.ts')).quote(ports, source, options),
    get: async (rootOrPath, options) => (await import('./retrieve/get.ts')).get(ports, rootOrPath, options),
    async *ls(rootOrPath, options) {
      yield* (await import('./retrieve/ls.ts')).ls(ports, rootOrPath, options)
    },
    save: async (rootOrPath, sink, options) =>
      (await import('./retrieve/save.ts')).save(ports, rootOrPath, sink, options),
    deals: async (options) => {
      const { listDeals } = await import('./deals/list-deals.ts')
      return await listDeals({ chain, journal, address: account.address, signer: account }, options)
    },
    status: async (cid, options) =>
      (await import('./deals/status.ts')).status({ chain, signer: account }, cid, options),
    transfer: async (wish, options) =>
      (await import('./account/transfer.ts')).transfer(spenderOf(ports), wish, options),
    planTransfer: async (wish, options) =>
      (await import('./account/transfer.ts')).planTransfer({ ...wish, chain, from: account.address }, options),
    authorizeKey: async (grant, options) =>
      (await import('./account/authorize-key.ts')).authorizeKey({ ...grant, chain, signer: account }, options),
    revokeKey: async (publicKey, options) =>
      (await import('./account/revoke-key.ts')).revokeKey({ chain, signer: account, publicKey }, options),
    planTopUp: async (wish, options) =>
      (await import('./deals/top-up-deal.ts')).planTopUp({ ...wish, chain, payer: account.address }, options),
    topUp: async (wish, options) => (await import('./deals/top-up-deal.ts')).topUpDeal(spenderOf(ports), wish, options),
    planRenewal: async ({ deal, until }, options) => {
      const { planRenewal } = await import('./deals/renew-deal.ts')
      return await planRenewal({ chain, signer: account, fetch, clock, deal, until }, options)
    },
    async renew(wish, options) {
      const { planRenewal, publishRenewal } = await import('./deals/renew-deal.ts')
      const input = { chain, signer: account, fetch, clock, deal: wish.deal, until: wish.until }
      return await publishRenewal(input, 'signed' in wish ? wish : await planRenewal(input, options), options)
    },
    planCancel: async (deal, options) => (await import('./deals/cancel-deal.ts')).planCancel({ chain, deal }, options),
    cancel: async (deal, options) =>
      (await import('./deals/cancel-deal.ts')).cancelDeal({ chain, signer: account, deal }, options),
    settle: async (deals, options) =>
      (await import('./deals/settle-deals.ts')).settleDeals({ chain, signer: account, deals }, options),
    async follow(dealId, options = {}) {
      const { signal } = options
      const { agreementId, terms } = await chain.deal(dealId, { signal })
      const endpoint = endpointOf(await chain.provider(terms.provider, { signal })) ?? ''
      return followUntil({ chain, clock, fetch, endpoint, dealId, agreementId }, options)
    },
  }
}

function spenderOf({ chain, account, outbox, lock }: Ports): Spender {
  return { chain, signer: account, outbox, lock }
}
