/** What every rule is given: the state that it may change, the parameters, the block's place in time, and where events go. */

import type { Hex } from '@granary/base'
import type { PoRepInput, PostInput, Verdict } from '@granary/proofs/verify'
import type { ChainEvent } from '@granary/protocol/events'
import type {
  Address,
  Epoch,
  FeeParams,
  Hash,
  MessageBodies,
  SignedBy,
  Transaction,
  TransactionName,
} from '@granary/protocol/messages'
import type { ChainParams, Genesis } from '@granary/protocol/records'
import type { Store } from './store.ts'

/** The expensive verifications, as rules ask for them. */
export interface Checks {
  /** @throws TransactionDecodeError */
  decoded(bytes: Uint8Array): DecodedTransaction
  /** @throws TransactionDecodeError */
  transaction(genesisHash: Hash, bytes: Uint8Array): ReadTransaction
  signer(digest: Uint8Array, signature: Uint8Array): SignedBy | undefined
  beacon(publicKey: Hex, round: number, signature: Uint8Array): boolean
  poRep(input: PoRepInput): Verdict
  post(input: PostInput): Verdict
}

export interface DecodedTransaction {
  readonly tx: Transaction
  readonly signature: Uint8Array
}

export interface ReadTransaction extends DecodedTransaction {
  readonly digest: Uint8Array
}

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
export type Effect<N extends TransactionName> = (context: TxContext, body: MessageBodies[N]) => void
