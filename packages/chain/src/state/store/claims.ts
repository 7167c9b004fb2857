/**
 * What a message lays claim to while it waits for a block, declared beside what it does. A node takes no more messages of an
 * account than that can pay for. docs/spec/chain.md section 8.
 */
import type {
  AttoGrn,
  Epoch,
  MessageBodies,
  PartitionNumber,
  ProviderId,
  SectorNumber,
  TransactionName,
} from '@granary/protocol/messages'
import type { BlockContext } from './context.ts'

/** A message that takes nothing from its sender's balance, is about nothing in particular and changes no key declares none. */
export interface Claims<N extends TransactionName> {
  /** The most that leaves the sender's balance beside the fee. */
  readonly outflow?: (context: BlockContext, body: MessageBodies[N]) => AttoGrn
  /** What there is to be said about only once. */
  readonly subject?: (context: BlockContext, body: MessageBodies[N]) => Subject | undefined
  /** Session keys of the sender that it withdraws, changes or replaces. */
  readonly changedKeys?: (context: BlockContext, body: MessageBodies[N]) => readonly Uint8Array[]
}

export type Subject =
  | {
      readonly type: 'answer'
      readonly provider: ProviderId
      readonly partition: PartitionNumber
      readonly epoch: Epoch
      readonly deadline: Epoch
    }
  | { readonly type: 'declaration' | 'request'; readonly provider: ProviderId; readonly partition: PartitionNumber }
  | { readonly type: 'seal'; readonly provider: ProviderId; readonly sector: SectorNumber }
