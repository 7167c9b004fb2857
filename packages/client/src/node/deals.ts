/** The deals of an account, with the paths that the journal in a folder knows: also without the account's key. */
import type { ChainClient } from '@granary/protocol/client'
import type { Address, Signer } from '@granary/protocol/messages'
import { listDeals, type OwnDeal, type SettleOptions } from '../deals/list-deals.ts'
import { journalIn } from './node-ports.ts'

export interface DealsInput {
  readonly chain: ChainClient
  /** Of the client: its journal knows the paths. */
  readonly folder: string
  readonly address: Address
  /** Of that address. Without it nothing is settled. */
  readonly signer?: Signer | undefined
}

export async function deals({ folder, ...input }: DealsInput, options: SettleOptions = {}): Promise<OwnDeal[]> {
  return await listDeals({ ...input, journal: journalIn(folder) }, options)
}
