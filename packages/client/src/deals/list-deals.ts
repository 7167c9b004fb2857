/**
 * The deals of an account as the chain has them, each with the path of its file where the journal has it. With the
 * account's key, those that have ended are settled first.
 */
import { reporter } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import type { Address, Signer } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Journal } from '../ports.ts'
import { type DealView, viewDeals } from './deal-view.ts'
import { type SettleProgress, settleEnded } from './settle-ended.ts'

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

export async function listDeals(input: ListDealsInput, options: SettleOptions = {}): Promise<DealView[]> {
  const { chain, journal, address, signer } = input
  const call: CallOptions = { signal: options.signal }
  const list = () => Array.fromAsync(chain.deals({ client: address }, call))
  let deals = await list()
  const report = reporter(options.onProgress)
  if (signer && (await settleEnded({ chain, signer, deals, report }, call))) deals = await list()
  return await viewDeals({ chain, journal, deals }, call)
}
