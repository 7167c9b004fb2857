/** What the verbs of a client share; made once, by createClient. */
import type { ChainClient } from '@granary/protocol/client'
import type { Signer } from '@granary/protocol/messages'
import type { Journal } from '../journal/journal.ts'
import type { Fetch } from '../providers/request-json.ts'

export interface ClientContext {
  readonly chain: ChainClient
  readonly signer: Signer
  readonly journal: Journal
  readonly stagingFolder: string
  readonly fetch: Fetch
}
