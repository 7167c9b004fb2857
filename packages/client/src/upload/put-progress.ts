/**
 * What a put says while it works: facts, each with the values that it found. Amounts are attoGRN in decimal. A slot is a copy
 * of a piece, by its place in the upload: `checkpoint()` has them.
 */

import type { DealProgress } from '../deals/follow-until.ts'
import type { SettleProgress } from '../deals/settle-ended.ts'
import type { ProviderRefusal } from '../providers/rank-providers.ts'
import type { UploadQuote } from './upload-quote.ts'

/** What happens during a put: one union, told by `type`. */
export type PutProgress =
  /** Earlier deals of the account that have ended. */
  | SettleProgress
  /** `path` leads from the root to what was given: to a file by its name in the folder around it. */
  | {
      readonly type: 'import:done'
      readonly rootCid: string
      readonly path: string
      readonly fileBytes: number
      readonly blocks: number
    }
  /** An earlier upload of the file, without the folder that keeps its name, is gone on with: it is not paid for twice. */
  | { readonly type: 'name:left-out'; readonly name: string; readonly rootCid: string }
  /** Before anything is spent: who gets which copy, why, and what that costs at most. */
  | ({ readonly type: 'planned' } & UploadQuote)
  | {
      readonly type: 'piece:done'
      readonly piece: number
      readonly pieceCid: string
      readonly pieceSize: number
      readonly payloadSize: number
    }
  /** The put goes on with an earlier one of the same content, at this step. */
  | { readonly type: 'resumed'; readonly slot: number; readonly step: 'upload' | 'publish' | 'follow' | 'done' }
  /** With a slot: it was to take that one, and another provider is looked for. */
  | ({ readonly type: 'provider:refused'; readonly slot?: number } & ProviderRefusal)
  | {
      readonly type: 'provider:chosen'
      readonly slot: number
      readonly provider: number
      readonly name: string
      readonly endpoint: string
    }
  /** `recordFee` is burnt when the deal is published, beside the fee of its message; `collateral` is the provider's. */
  | {
      readonly type: 'quoted'
      readonly slot: number
      readonly pricePerEpoch: string
      readonly total: string
      readonly recordFee: string
      readonly collateral: string
      /** Epochs. */
      readonly duration: number
      readonly durationMs: number
    }
  /** `sent` counts from the start of the piece, what an earlier run had sent included. */
  | { readonly type: 'upload:progress'; readonly slot: number; readonly sent: number; readonly total: number }
  | { readonly type: 'agreed'; readonly slot: number; readonly agreementId: string; readonly provider: number }
  | {
      readonly type: 'published'
      readonly slot: number
      readonly dealId: number
      readonly locked: string
      readonly epoch: number
      /** Of the epoch, in milliseconds since 1970: an estimate. */
      readonly epochMs: number
    }
  | (DealProgress & { readonly slot?: number })
  /**
   * It has stopped answering before its sector was pre-committed. It is waited for; if the deal is not proven by `lapsesAt`, the
   * chain gives its money back, and the copy is placed with another provider, unless this one was named.
   */
  | {
      readonly type: 'provider:away'
      readonly slot: number
      readonly provider: number
      readonly dealId: number
      readonly message: string
      readonly lapsesAt: number
      /** Of the epoch, in milliseconds since 1970: an estimate. */
      readonly lapsesAtMs: number
    }
  | {
      readonly type: 'active'
      readonly slot: number
      readonly dealId: number
      readonly epoch: number
      readonly epochMs: number
      readonly sector: number
    }
