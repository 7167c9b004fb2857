/** Nothing is spent before somebody has said how much may be: what is agreed to here is what the whole put is held to. */
import { GranaryError, unlessAborted } from '@granary/base'
import { formatGrn } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { UploadEvent, UploadState } from '../journal/upload-state.ts'
import { PriceAboveMaxError } from './price-above-max.ts'
import type { UploadQuote } from './upload-quote.ts'

/** Nobody has said how much may be spent. */
export class SpendingUnconfirmedError extends GranaryError {
  constructor({ rootCid, total }: UploadQuote) {
    super({
      code: 'SPENDING_UNCONFIRMED',
      message: `to store ${rootCid} costs ${formatGrn(BigInt(total))}, and nobody has said that it may`,
      hint: 'say with maxPrice how much it may cost, or agree to the quote in confirm',
      details: { total },
    })
  }
}

/** What a put may cost. */
export interface SpendingAllowed {
  /**
   * attoGRN, with all fees of the deals: no more is signed for. `'any'`: whatever it costs. Settling ended deals is beside it.
   * @default the total that `confirm` has agreed to; without either nothing is spent, but on a devnet of this machine
   */
  readonly maxPrice?: bigint | 'any' | undefined
  /** Asked before anything is spent, of what is to be paid. What it throws ends the put, as the signal does. */
  readonly confirm?: ((quote: UploadQuote) => void | Promise<void>) | undefined
}

/**
 * @param earlier what was agreed to for the deals that there are, in attoGRN; null: any price
 * @returns attoGRN, the most that may be spent; undefined: any price will do
 * @throws SpendingUnconfirmedError, PriceAboveMaxError, what `confirm` throws, and the reason of an abort
 */
export async function agreeToPrice(
  quote: UploadQuote,
  { maxPrice, confirm, signal }: SpendingAllowed & CallOptions,
  isOwnDevnet: boolean,
  earlier?: string | null,
): Promise<bigint | undefined> {
  const total = BigInt(quote.total)
  if (typeof maxPrice === 'bigint' && total > maxPrice) throw new PriceAboveMaxError(total, maxPrice)
  // Money of a devnet is given to whoever asks for it; a node elsewhere that calls itself one may lie.
  const isUnasked = maxPrice === undefined && confirm === undefined
  if (isUnasked && isOwnDevnet) return undefined
  // Where all deals are made nobody is asked: for one in place of another that ends there is what was agreed to then.
  if (quote.slots.length === 0 && maxPrice === undefined && earlier !== undefined)
    return earlier === null ? undefined : BigInt(earlier)
  if (quote.slots.length > 0) {
    if (isUnasked) throw new SpendingUnconfirmedError(quote)
    await unlessAborted(confirm?.(quote), signal)
  }
  if (maxPrice === 'any') return undefined
  return maxPrice ?? total
}

export interface Agreed {
  /** undefined: any price will do. */
  readonly maxPrice: bigint | undefined
  /** It was given, and an upload that was interrupted is gone on with: a repeated command spends no more than one that was not. */
  readonly inAll: boolean
  readonly isToPay: boolean
}

/** What the log is told. Where all deals are on the chain, what was agreed to when they were made still holds. */
export function priceAgreed({ spending }: UploadState, { maxPrice, inAll, isToPay }: Agreed): UploadEvent[] {
  if (!isToPay && spending !== undefined) return []
  return [{ type: 'price:agreed', maxPrice: maxPrice === undefined ? null : `${maxPrice}`, inAll }]
}
