/** Deals, from their publication to their last settlement. */

import { bool, choice, epochs, hexBytes, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { DealId, Epoch, Hash, SectorNumber } from '../codec/types.ts'
import { type DealTerms, dealTerms } from '../messages/deal-terms.ts'
import { amount, maybe, u48 } from './fields.ts'

/** Of a client that left its deal while the data was faulty: decided by what becomes of the sector. */
export interface Claim {
  /** The price of the time that was left. */
  readonly amount: bigint
  /** The block that found or declared the fault. */
  readonly faultySince: Epoch
}

export const claimRecord: Struct<Claim> = struct<Claim>('Claim', { amount, faultySince: epochs })

export interface Deal {
  readonly terms: DealTerms
  readonly agreementId: Hash
  readonly publishedAt: Epoch
  /** The last epoch in which its sector may be pre-committed and still count; afterwards it lapses. */
  readonly lapsesAt: Epoch
  /** The sector that binds it. It binds as long as that sector has not failed. */
  readonly sector: SectorNumber | undefined
  /** Set by the settlement that closed it; until then its state follows from its sector and the height. */
  readonly closed: 'no' | 'expired' | 'lapsed' | 'terminated' | 'cancelled'
  /** Epochs that are paid, from activation: those of the terms, and what was added or cancelled. */
  readonly duration: number
  readonly cancelled: boolean
  /** Up to then anybody may have the client pay for more time: that of the terms; 0 when the client has ended it. */
  readonly orderedUntil: Epoch
  readonly claim: Claim | undefined
  /** Of the client's money. */
  readonly locked: bigint
  /** Of the provider's collateral. */
  readonly collateral: bigint
  readonly paid: bigint
  readonly burnt: bigint
  readonly refunded: bigint
  /** From the provider's collateral to the client, when its sector was lost or the deal ended in a fault. */
  readonly compensated: bigint
  readonly provenEpochs: number
  readonly faultedEpochs: number
  /** Epoch through which it is settled; 0 before the first settlement. */
  readonly settledThrough: Epoch
}

export const dealRecord: Struct<Deal> = struct<Deal>('Deal', {
  terms: dealTerms,
  agreementId: hexBytes(32),
  publishedAt: epochs,
  lapsesAt: epochs,
  sector: maybe(uint(32)),
  closed: choice('no', 'expired', 'lapsed', 'terminated', 'cancelled'),
  duration: epochs,
  cancelled: bool,
  orderedUntil: epochs,
  claim: maybe(claimRecord),
  locked: amount,
  collateral: amount,
  paid: amount,
  burnt: amount,
  refunded: amount,
  compensated: amount,
  provenEpochs: u48,
  faultedEpochs: u48,
  settledThrough: epochs,
})

export interface Agreement {
  readonly deal: DealId
}

export const agreementRecord: Struct<Agreement> = struct<Agreement>('Agreement', { deal: u48 })
