/**
 * What a message lays claim to while it waits for a block. A node takes no more messages of an account than its balance,
 * and what its session key may still spend, covers; so one that waits never becomes unpayable. docs/spec/chain.md section
 * 8.
 */

import {
  type Epoch,
  feeOf,
  type MessageBodies,
  type Transaction,
  type TransactionName,
} from '@granary/protocol/messages'
import { bytesToHex } from '@noble/hashes/utils.js'
import { FEE_LEVEL_ONE } from '../money/base-fee.ts'
import type { Claims, Subject } from '../store/claims.ts'
import type { BlockContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import type { Admitted } from './admit.ts'
import { claims } from './effects.ts'

export interface Claim {
  /** The most that it takes from its sender's balance: its maxFee, and what the message itself moves out. */
  readonly amount: bigint
  /** What it burns of its provider's collateral, or leaves as a debt: the limit of a session key covers that too. */
  readonly burns: bigint
  /** The session key that signed, as hex; undefined for the account's own. */
  readonly sessionKey: string | undefined
  /** The last epoch in which it may be in a block: its own, or that of its key. */
  readonly validUntil: Epoch
  /** The level of fees that its maxFee pays, in millionths. */
  readonly level: bigint
  /** What there is to be said about only once. */
  readonly subject: Subject | undefined
  /** Session keys of the sender that it withdraws, changes or replaces, as hex. */
  readonly changedKeys: readonly string[]
}

export function claimOf(context: BlockContext, { tx, bytes, sessionKey, burns }: Admitted): Claim {
  const { store, params } = context
  const key = sessionKey === undefined ? undefined : tables.sessionKeys.get(store, tx.sender, sessionKey)
  const { outflow, subject, changedKeys } = declared(context, tx)
  return {
    amount: tx.maxFee + outflow,
    burns,
    sessionKey,
    validUntil: Math.min(tx.validUntil, key?.expires ?? tx.validUntil),
    level: (tx.maxFee * FEE_LEVEL_ONE) / feeOf(tx.kind, bytes, params),
    subject,
    changedKeys: changedKeys.map(bytesToHex),
  }
}

/** By the declaration of its message. */
function declared<N extends TransactionName>(
  context: BlockContext,
  { kind, body }: Pick<Transaction<N>, 'kind' | 'body'> & { kind: N; body: MessageBodies[N] },
): { readonly outflow: bigint; readonly subject: Subject | undefined; readonly changedKeys: readonly Uint8Array[] } {
  const of: Claims<N> = claims[kind] ?? {}
  return {
    outflow: of.outflow?.(context, body) ?? 0n,
    subject: of.subject?.(context, body),
    changedKeys: of.changedKeys?.(context, body) ?? [],
  }
}
