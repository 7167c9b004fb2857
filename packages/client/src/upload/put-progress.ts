/** What a put says while it works: facts, each with the values that it found. Amounts are attoGRN in decimal. */

import type { DealProgress } from '../deals/follow-until.ts'
import type { SettleProgress } from '../deals/settle-ended.ts'
import type { ProviderRefusal } from '../providers/choose-provider.ts'

export type PutProgress =
  /** Earlier deals of the account that have ended. */
  | SettleProgress
  | { readonly type: 'import:done'; readonly rootCid: string; readonly fileBytes: number; readonly blocks: number }
  | { readonly type: 'piece:done'; readonly pieceCid: string; readonly pieceSize: number; readonly payloadSize: number }
  /** The put goes on with an earlier one of the same content, at this step. */
  | { readonly type: 'resumed'; readonly step: 'upload' | 'publish' | 'follow' | 'done' }
  | ({ readonly type: 'provider:refused' } & ProviderRefusal)
  | { readonly type: 'provider:chosen'; readonly provider: number; readonly name: string; readonly endpoint: string }
  /** `recordFee` is burnt when the deal is published, beside the fee of its message; `collateral` is the provider's. */
  | {
      readonly type: 'quoted'
      readonly pricePerEpoch: string
      readonly total: string
      readonly recordFee: string
      readonly collateral: string
      readonly duration: number
    }
  /** `sent` counts from the start of the piece, what an earlier run had sent included. */
  | { readonly type: 'upload:progress'; readonly sent: number; readonly total: number }
  | { readonly type: 'agreed'; readonly agreementId: string; readonly provider: number }
  | { readonly type: 'published'; readonly dealId: number; readonly locked: string; readonly epoch: number }
  | DealProgress
  | { readonly type: 'active'; readonly dealId: number; readonly epoch: number; readonly sector: number }
