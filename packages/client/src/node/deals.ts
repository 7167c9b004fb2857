/** The deals of an account with the paths of a client's journal; its key is needed only to settle those that have ended. */
import type { ChainClient } from '@granary/protocol/client'
import type { Address, Signer } from '@granary/protocol/messages'
import type { DealView } from '../deals/deal-view.ts'
import { listDeals, type SettleOptions } from '../deals/list-deals.ts'
import { journalIn } from './node-ports.ts'

/** Whose deals, and where their journal is. */
export interface DealsInput {
  readonly chain: ChainClient
  /** The folder of the client, in which its journal is. */
  readonly folder: string
  readonly address: Address
  /** Of that address; settles its ended deals. Without it nothing is settled. */
  readonly signer?: Signer | undefined
}

/** Deals of an account, the ended ones settled first. */
export async function deals({ folder, ...input }: DealsInput, options: SettleOptions = {}): Promise<DealView[]> {
  return await listDeals({ ...input, journal: journalIn(folder) }, options)
}
