/**
 * What a message lays claim to while it waits for a block. A node takes no more messages of an account than its balance,
 * and what its session key may still spend, covers; so one that waits never becomes unpayable. docs/spec/chain.md section
 * 8.
 */

import { dealFee, type Epoch, feeOf, providerFee, type Transaction } from '@granary/protocol/messages'
import { bytesToHex } from '@noble/hashes/utils.js'
import { dealStatus } from '../market/deal-status.ts'
import { FEE_LEVEL_ONE } from '../money/base-fee.ts'
import { accountFeeOf } from '../money/records-that-stay.ts'
import type { BlockContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import type { Admitted } from './admit.ts'

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

export type Subject =
  | {
      readonly type: 'answer'
      readonly provider: number
      readonly partition: number
      readonly epoch: Epoch
      readonly deadline: Epoch
    }
  | { readonly type: 'declaration' | 'request'; readonly provider: number; readonly partition: number }
  | { readonly type: 'seal'; readonly provider: number; readonly sector: number }

export function claimOf(context: BlockContext, { tx, bytes, sessionKey, burns }: Admitted): Claim {
  const { store, params } = context
  const key = sessionKey === undefined ? undefined : tables.sessionKeys.get(store, tx.sender, sessionKey)
  return {
    amount: tx.maxFee + outflowOf(context, tx),
    burns,
    sessionKey,
    validUntil: Math.min(tx.validUntil, key?.expires ?? tx.validUntil),
    level: (tx.maxFee * FEE_LEVEL_ONE) / feeOf(tx.kind, bytes, params),
    subject: subjectOf(context, tx),
    changedKeys: changedKeys(context, tx),
  }
}

/** The most that leaves the sender's balance beside the fee. */
function outflowOf({ store, params, height }: BlockContext, tx: Transaction): bigint {
  switch (tx.kind) {
    case 'Transfer':
      return tx.body.amount + accountFeeOf(store, params, tx.body.to)
    case 'DepositCollateral':
      return tx.body.amount
    case 'RegisterProvider':
      return providerFee(params) + accountFeeOf(store, params, tx.body.payout)
    case 'UpdateProvider':
      return accountFeeOf(store, params, tx.body.payout)
    case 'PublishDeal':
      return tx.body.deals.reduce(
        (sum, { terms }) => sum + terms.pricePerEpoch * BigInt(terms.duration) + dealFee(params),
        0n,
      )
    case 'TopUpDeal': {
      const deal = tables.deals.get(store, tx.body.deal)
      return deal === undefined ? 0n : deal.terms.pricePerEpoch * BigInt(tx.body.epochs)
    }
    case 'RenewDeal': {
      const { deal: id, endsAt } = tx.body.renewal
      const deal = tables.deals.get(store, id)
      if (deal === undefined) return 0n
      const status = dealStatus(store, deal, height)
      // A deal that is not active yet would begin in the next block at the earliest.
      const ends = 'endsAt' in status ? status.endsAt : height + deal.duration
      return deal.terms.pricePerEpoch * BigInt(Math.max(0, endsAt - ends))
    }
    default:
      return 0n
  }
}

function subjectOf({ store }: BlockContext, tx: Transaction): Subject | undefined {
  switch (tx.kind) {
    case 'SubmitPost': {
      const { provider, partition, challengeEpoch: epoch } = tx.body
      const record = tables.partitions.get(store, provider, partition)
      const open = [record?.challenge, record?.recovery].find((each) => each?.epoch === epoch)
      return open && { type: 'answer', provider, partition, epoch, deadline: open.deadline }
    }
    case 'DeclareFaults':
      return { type: 'declaration', provider: tx.body.provider, partition: tx.body.partition }
    case 'RequestRecovery':
      return { type: 'request', provider: tx.body.provider, partition: tx.body.partition }
    case 'ProveCommitSector':
      return { type: 'seal', provider: tx.body.provider, sector: tx.body.number }
    default:
      return undefined
  }
}

function changedKeys({ store }: BlockContext, tx: Transaction): string[] {
  switch (tx.kind) {
    case 'AuthorizeKey':
    case 'RevokeKey':
      return [bytesToHex(tx.body.publicKey)]
    case 'RegisterProvider':
      return [tx.body.sessionKey].filter((key) => key.length > 0).map(bytesToHex)
    case 'UpdateProvider': {
      const before = tables.providers.get(store, tx.body.provider)?.sessionKey ?? new Uint8Array(0)
      const [old, next] = [before, tx.body.sessionKey].map(bytesToHex) as [string, string]
      return old === next ? [] : [old, next].filter((key) => key.length > 0)
    }
    default:
      return []
  }
}
