/**
 * The deals of an account as the chain has them, each with the path of its file where the journal has it. With the
 * account's key, those that have ended are settled first.
 */
import type { ChainClient, DealView } from '@granary/protocol/client'
import type { Address, Signer } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { awaitsSettlement, type SettleProgress, settleEnded } from '../deals/settle-ended.ts'
import type { Journal } from '../ports.ts'
import { reporter } from '../reporter.ts'

/** A deal of the account, with what its journal knows of it. */
export interface OwnDeal extends DealView {
  readonly path?: string
  /** The deal has ended, and what it still locks goes to its client or its provider when somebody settles it. */
  readonly awaitsSettlement: boolean
}

/** Of calls that settle what ended deals still lock. */
export interface SettleOptions extends CallOptions {
  readonly onProgress?: ((progress: SettleProgress) => void) | undefined
}

export interface ListDealsInput {
  readonly chain: ChainClient
  /** It has the names of what was put. */
  readonly journal: Journal
  readonly address: Address
  /** Of that address; settles its ended deals. Without it nothing is settled. */
  readonly signer?: Signer | undefined
}

export async function listDeals(input: ListDealsInput, options: SettleOptions = {}): Promise<OwnDeal[]> {
  const { chain, journal, address, signer } = input
  const call: CallOptions = { signal: options.signal }
  const { genesisHash } = await chain.status(call)
  const uploads = await journal.list(genesisHash)
  const paths = new Map(uploads.map(({ rootCid, name }) => [rootCid, name]))
  const list = () => Array.fromAsync(chain.deals({ client: address }, call))
  let found = await list()
  const report = reporter(options.onProgress)
  if (signer && (await settleEnded({ chain, signer, deals: found, report }, call))) found = await list()
  return found.map((deal) => {
    const path = deal.terms.rootCid === undefined ? undefined : paths.get(deal.terms.rootCid)
    return { ...deal, ...(path === undefined ? {} : { path }), awaitsSettlement: awaitsSettlement(deal) }
  })
}
