/** The client of a program that runs in Node: put, get, deals, status, with a journal that survives a kill. */
import { join } from 'node:path'
import { type ChainClient, createChainClient, type DealView } from '@granary/protocol/client'
import type { Signer } from '@granary/protocol/messages'
import { deals, type OwnDeal, type SettleOptions } from '../deals/deals.ts'
import { type FollowUntilOptions, followUntil } from '../deals/follow-until.ts'
import { type ContentStatus, status } from '../deals/status.ts'
import { openJournal } from '../journal/journal.ts'
import { endpointOf } from '../providers/choose-provider.ts'
import type { Fetch } from '../providers/request-json.ts'
import { type GetOptions, type GetResult, get } from '../retrieve/get.ts'
import type { ClientContext } from '../upload/client-context.ts'
import { type PutOptions, type PutResult, put } from '../upload/put.ts'

/** About a quarter of a minute: a chain node that restarts is waited for, at any step of a put. */
const CHAIN_RETRIES = 12

export interface ClientOptions {
  /** Address of a chain node, or a client of one. */
  readonly chain: string | ChainClient
  /** The account that pays. */
  readonly signer: Signer
  /** Journal and staged files; one client, one folder. */
  readonly folder: string
  /** @default the platform's fetch */
  readonly fetch?: Fetch
}

export interface Client {
  /** Stores a file; resolves when its deal is active. The same call after a kill goes on where it was. */
  put(path: string, options?: PutOptions): Promise<PutResult>
  /** Fetches a file by its root CID, verified block by block, to `outPath`. */
  get(cid: string, outPath: string, options?: GetOptions): Promise<GetResult>
  /** Tells what happens to a deal until it is active, or until an entry of its story. */
  follow(dealId: number, options?: FollowUntilOptions): Promise<DealView>
  /** Deals of this account; those that have ended are settled first. */
  deals(options?: SettleOptions): Promise<OwnDeal[]>
  /** Who holds a CID, what is proven and paid; deals of this account among them that have ended are settled first. */
  status(cid: string, options?: SettleOptions): Promise<ContentStatus>
}

export function createClient(options: ClientOptions): Client {
  const { signer, folder, fetch = globalThis.fetch } = options
  const chain =
    typeof options.chain === 'string'
      ? createChainClient({ url: options.chain, retries: CHAIN_RETRIES })
      : options.chain
  const journal = openJournal(join(folder, 'journal'))
  const context: ClientContext = { chain, signer, journal, stagingFolder: join(folder, 'staging'), fetch }
  return {
    put: (path, putOptions) => put(context, path, putOptions),
    get: (cid, outPath, getOptions) => get({ chain, fetch }, cid, outPath, getOptions),
    deals: (settleOptions) => deals({ chain, folder, address: signer.address, signer }, settleOptions),
    status: (cid, settleOptions) => status({ chain, signer }, cid, settleOptions),
    async follow(dealId, followOptions = {}) {
      const { signal } = followOptions
      const { agreementId, terms } = await chain.deal(dealId, { signal })
      const endpoint = endpointOf(await chain.provider(terms.provider, { signal })) ?? ''
      return followUntil({ chain, fetch, endpoint, dealId, agreementId }, followOptions)
    },
  }
}
