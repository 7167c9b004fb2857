/** What every rule is given: the state that it may change, the parameters, the block's place in time, and where events go. */

import type { ChainEvent } from '@granary/protocol/events'
import type { Address, Epoch, FeeParams, Hash } from '@granary/protocol/messages'
import type { ChainParams, Genesis } from '@granary/protocol/records'
import type { Checks } from './checks.ts'
import type { Store } from './store.ts'

export interface BlockContext {
  readonly store: Store
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly params: ChainParams
  /** What messages cost in this block. */
  readonly fees: FeeParams
  readonly checks: Checks
  /** Of the block that is executed: the epoch. */
  readonly height: Epoch
  /** Its header time. */
  readonly timeMs: number
  emit(event: ChainEvent): void
}

export interface TxContext extends BlockContext {
  readonly sender: Address
}

/** What a message does: checks first, effects after, events last. @throws TxError */
export type Effect<B> = (context: TxContext, body: B) => void
