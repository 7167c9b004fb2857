/** A provider's signed price. It has an EIP-712 type of its own, so that it can never be published as deal terms. docs/spec/market-protocol.md. */
import { address, bigUint, epochs, text, uint } from '../codec/field.ts'
import { providerId } from '../codec/ids.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Address, AttoGrn, Epoch } from '../codec/types.ts'

export interface Quote {
  readonly quoteId: string
  readonly client: Address
  readonly provider: number
  readonly pieceSize: number
  readonly duration: number
  readonly pricePerEpoch: AttoGrn
  readonly total: AttoGrn
  readonly networkFee: AttoGrn
  readonly providerCollateral: AttoGrn
  readonly activateWithin: number
  readonly validUntil: Epoch
}

/** {@link Quote} over HTTP: amounts and epochs are decimal strings. */
export interface QuoteJson {
  readonly quoteId: string
  readonly client: string
  readonly provider: number
  readonly pieceSize: number
  readonly duration: string
  readonly pricePerEpoch: string
  readonly total: string
  readonly networkFee: string
  readonly providerCollateral: string
  readonly activateWithin: string
  readonly validUntil: string
}

export const quote: Struct<Quote, QuoteJson> = struct('Quote', {
  quoteId: text(64),
  client: address,
  provider: providerId,
  pieceSize: uint(64),
  duration: epochs,
  pricePerEpoch: bigUint(128),
  total: bigUint(128),
  networkFee: bigUint(128),
  providerCollateral: bigUint(128),
  activateWithin: epochs,
  validUntil: epochs,
})

export function quoteToJson(value: Quote): QuoteJson {
  return quote.toJson(value, 'quote')
}

/** @throws MessageInvalidError naming the field; unknown fields are refused. */
export function quoteFromJson(value: unknown): Quote {
  return quote.fromJson(value, 'quote')
}
