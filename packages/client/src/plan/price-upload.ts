/** What a plan costs at most, before anything is spent. Amounts are attoGRN. */
import { dealFee, feeOf, PUBLISH_BYTES_MAX } from '@granary/protocol/messages'
import type { UploadPiece } from '../journal/upload-state.ts'
import type { PlannedSlot } from './plan-upload.ts'

/** Twice the present fee is reckoned with: the base fee may rise until the message is sent. */
const FEE_HEADROOM = 2n
const MONTH_MS = 30n * 24n * 60n * 60n * 1000n
const GIB = 1n << 30n

export interface UploadPrice {
  /** Of the deals, by the asks: locked when they are published, paid by the proven epoch. */
  readonly price: bigint
  /** The most that standing orders take beside, as time goes by; nothing of it is locked before. */
  readonly order: bigint
  /** Burnt for the records of the deals. */
  readonly recordFees: bigint
  /** The most that publishing takes: what is not used stays. */
  readonly messageFees: bigint
  /** Fees of making the deals of any one provider again with another one, should it be lost before it has proven them. */
  readonly spareFees: bigint
  /** All of these. */
  readonly total: bigint
  /** The price for 30 days. */
  readonly month: bigint
  /** The price of a GiB of what was given, all copies together, for 30 days. */
  readonly perGiBMonth: bigint
  /** Bytes that providers store: each copy of each piece, as it is uploaded. */
  readonly storedBytes: number
}

/** By which fees are reckoned. */
export interface FeesNow {
  readonly fees: Parameters<typeof feeOf>[2]
  readonly params: Parameters<typeof dealFee>[0]
}

export interface PriceInput extends FeesNow {
  readonly slots: readonly Pick<PlannedSlot, 'piece' | 'price' | 'order'>[]
  /** Providers of the deals that may have to be made again: once for each. */
  readonly unproven: readonly number[]
  readonly pieces: readonly UploadPiece[]
  readonly fileBytes: number
  /** Of the duration. */
  readonly durationMs: number
}

/** The most that a deal costs beside its price, as fees are now. */
export function feesOfDeal({ fees, params }: FeesNow): bigint {
  return dealFee(params) + feeOf('PublishDeal', PUBLISH_BYTES_MAX, fees) * FEE_HEADROOM
}

export function priceUpload({ slots, unproven, pieces, fileBytes, durationMs, fees, params }: PriceInput): UploadPrice {
  const count = BigInt(slots.length)
  const price = slots.reduce((sum, slot) => sum + slot.price, 0n)
  const order = slots.reduce((sum, slot) => sum + slot.order, 0n)
  const recordFees = dealFee(params) * count
  const feesPerDeal = feesOfDeal({ fees, params })
  const messageFees = feesPerDeal * count - recordFees
  const most = Math.max(0, ...[...Map.groupBy(unproven, (id) => id).values()].map((deals) => deals.length))
  const spareFees = count === 0n ? 0n : feesPerDeal * BigInt(most)
  const total = price + order + recordFees + messageFees + spareFees
  const month = durationMs === 0 ? 0n : (price * MONTH_MS) / BigInt(Math.ceil(durationMs))
  return {
    ...{ price, order, recordFees, messageFees, spareFees, total, month },
    perGiBMonth: fileBytes === 0 ? 0n : (month * GIB) / BigInt(fileBytes),
    storedBytes: slots.reduce((sum, { piece }) => sum + (pieces[piece]?.payloadSize ?? 0), 0),
  }
}
