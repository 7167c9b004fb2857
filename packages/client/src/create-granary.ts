/** The client over the ports of the place that it runs in: nothing here needs Node. */
import type { DealView, TxView } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import type { Authorized, KeyGrant } from './account/authorize-key.ts'
import type { SentOnce, Spender } from './account/send-once.ts'
import type { TransferPlan, TransferWish } from './account/transfer.ts'
import type { CallOptions } from './call-options.ts'
import { type FollowUntilOptions, followUntil } from './deals/follow-until.ts'
import { listDeals, type OwnDeal, type SettleOptions } from './deals/list-deals.ts'
import { type ContentStatus, status } from './deals/status.ts'
import type { Ports, Sink, Source } from './ports.ts'
import { endpointOf } from './providers/choose-provider.ts'
import { type GetOptions, type GetResult, get } from './retrieve/get.ts'
import type { PutOptions, PutResult } from './upload/put.ts'

export interface Granary<S extends Source = Source> {
  /** Stores a file; resolves when its deal is active. The same call after a kill goes on where it was. */
  put(source: S, options?: PutOptions): Promise<PutResult>
  /** Fetches a file by its root CID into a sink, verified block by block. */
  get(cid: string, sink: Sink, options?: GetOptions): Promise<GetResult>
  /** Sends money, in attoGRN; a call that died before its end is finished by the same call, and pays once. */
  transfer(wish: TransferWish, options?: CallOptions): Promise<SentOnce>
  /** What a transfer costs; nothing is signed. */
  planTransfer(wish: TransferWish, options?: CallOptions): Promise<TransferPlan>
  /** Lets a session key sign for the account, within scopes, a time and a limit. */
  authorizeKey(grant: KeyGrant, options?: CallOptions): Promise<Authorized>
  /** From its block on the session key signs nothing any more. */
  revokeKey(publicKey: Hash, options?: CallOptions): Promise<TxView>
  /** Tells what happens to a deal until it is active, or until an entry of its story. */
  follow(dealId: number, options?: FollowUntilOptions): Promise<DealView>
  /** Deals of this account; those that have ended are settled first. */
  deals(options?: SettleOptions): Promise<OwnDeal[]>
  /** Who holds a CID, what is proven and paid; deals of this account among them that have ended are settled first. */
  status(cid: string, options?: SettleOptions): Promise<ContentStatus>
}

export function createGranary<S extends Source>(ports: Ports<S>): Granary<S> {
  const { chain, account, journal, clock, fetch } = ports
  return {
    // Imported where it is used: a page that only fetches does not load it.
    put: async (source, options) => (await import('./upload/put.ts')).put(ports, source, options),
    get: (cid, sink, options) => get(ports, cid, sink, options),
    deals: (options) => listDeals({ chain, journal, address: account.address, signer: account }, options),
    status: (cid, options) => status({ chain, signer: account }, cid, options),
    transfer: async (wish, options) =>
      (await import('./account/transfer.ts')).transfer(spenderOf(ports), wish, options),
    planTransfer: async (wish, options) =>
      (await import('./account/transfer.ts')).planTransfer({ ...wish, chain, from: account.address }, options),
    authorizeKey: async (grant, options) =>
      (await import('./account/authorize-key.ts')).authorizeKey({ ...grant, chain, signer: account }, options),
    revokeKey: async (publicKey, options) =>
      (await import('./account/revoke-key.ts')).revokeKey({ chain, signer: account, publicKey }, options),
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
