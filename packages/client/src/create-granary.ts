/** The client over the ports of the place that it runs in: nothing here needs Node. */
import type { AccountVerbs } from './account/account-verbs.ts'
import type { DealVerbs } from './deals/deal-verbs.ts'
import type { DealView } from './deals/deal-view.ts'
import type { SettleOptions } from './deals/list-deals.ts'
import type { ContentStatus } from './deals/status.ts'
import type { ListedProviders, ProvidersOptions } from './plan/list-providers.ts'
import type { Ports, Sink, Source } from './ports.ts'
import type { GetOptions, Retrieved } from './retrieve/get.ts'
import type { ListedEntry } from './retrieve/ls.ts'
import type { FetchOptions, GetPorts } from './retrieve/open-content.ts'
import type { SaveResult } from './retrieve/save.ts'
import type { Content, ContentSource } from './sources/content-source.ts'
import type { PutOptions } from './upload/put-prepared.ts'
import type { PutResult } from './upload/put-result.ts'
import type { Upload } from './upload/upload.ts'
import type { UploadQuote } from './upload/upload-quote.ts'
import type { Verified, VerifyOptions } from './verify/verify.ts'

/** The client: each verb rejects with a GranaryError, whose code is in docs/errors.md. */
export interface Granary<S extends Source = ContentSource> extends AccountVerbs, DealVerbs {
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
  /** Fetches a file, or the one that a folder is around, into a sink: all of it, or nothing. */
  save(rootOrPath: string, sink: Sink, options?: GetOptions): Promise<SaveResult>
  /** Deals of this account; those that have ended are settled first. */
  deals(options?: SettleOptions): Promise<DealView[]>
  /** Who holds a CID, what is proven and paid; deals of this account among them that have ended are settled first. */
  status(cid: string, options?: SettleOptions): Promise<ContentStatus>
  /**
   * Which deals hold a CID, proven from the chain's genesis hash and its validators' signatures, whatever the node says. The
   * bytes themselves are shown by `get`.
   */
  verify(cid: string, options?: VerifyOptions): Promise<Verified>
  /** Who stores on this chain, at what price, who of them answers, and why a put would choose it or would not. */
  providers(options?: ProvidersOptions): Promise<ListedProviders>
}

/** The client over these ports. */
export function createGranary<S extends Source = ContentSource>(ports: Ports<S | ContentSource>): Granary<S> {
  const { chain, account, journal, clock, fetch } = ports
  const { memory = new Map() }: GetPorts = ports
  const getting: GetPorts = { chain, clock, fetch, memory }
  const forAccount = async () => (await import('./account/account-verbs.ts')).accountVerbs(ports)
  const forDeals = async () => (await import('./deals/deal-verbs.ts')).dealVerbs(ports)
  return {
    // Imported where it is used: a page that only fetches does not load it.
    put: async (source, options) => (await import('./upload/put.ts')).put(ports, source, options),
    upload: async (source, options) => (await import('./upload/put.ts')).upload(ports, source, options),
    quote: async (source, options) => (await import('./upload/put.ts')).quote(ports, source, options),
    get: async (rootOrPath, options) => (await import('./retrieve/get-verbs.ts')).get(getting, rootOrPath, options),
    async *ls(rootOrPath, options) {
      yield* (await import('./retrieve/ls.ts')).ls(getting, rootOrPath, options)
    },
    save: async (rootOrPath, sink, options) =>
      (await import('./retrieve/get-verbs.ts')).save(getting, rootOrPath, sink, options),
    deals: async (options) => {
      const { listDeals } = await import('./deals/list-deals.ts')
      return await listDeals({ chain, journal, address: account.address, signer: account }, options)
    },
    status: async (cid, options) =>
      (await import('./deals/status.ts')).status({ chain, signer: account, journal }, cid, options),
    verify: async (cid, options) => (await import('./verify/verify.ts')).verify(ports, cid, options),
    providers: async (options) => {
      const { listProviders } = await import('./plan/list-providers.ts')
      return await listProviders({ chain, fetch, clock, address: account.address }, options)
    },
    transfer: async (wish, options) => (await forAccount()).transfer(wish, options),
    planTransfer: async (wish, options) => (await forAccount()).planTransfer(wish, options),
    authorizeKey: async (grant, options) => (await forAccount()).authorizeKey(grant, options),
    revokeKey: async (publicKey, options) => (await forAccount()).revokeKey(publicKey, options),
    planTopUp: async (wish, options) => (await forDeals()).planTopUp(wish, options),
    topUp: async (wish, options) => (await forDeals()).topUp(wish, options),
    planRenewal: async (wish, options) => (await forDeals()).planRenewal(wish, options),
    renew: async (wish, options) => (await forDeals()).renew(wish, options),
    planCancel: async (deal, options) => (await forDeals()).planCancel(deal, options),
    cancel: async (deal, options) => (await forDeals()).cancel(deal, options),
    settle: async (deals, options) => (await forDeals()).settle(deals, options),
    follow: async (dealId, options) => (await forDeals()).follow(dealId, options),
  }
}
