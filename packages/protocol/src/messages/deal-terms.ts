/** What a client and a provider agree on, signed by the provider over EIP-712 once it has the data. docs/spec/chain.md section 2. */
import { address, bigUint, epochs, optional, pieceCid, rootCid, text, uint } from '../codec/field.ts'
import { providerId } from '../codec/ids.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Address, AttoGrn, Epoch } from '../codec/types.ts'

export interface DealTerms {
  readonly client: Address
  /** The provider's numeric id. */
  readonly provider: number
  /** Piece CID v2, base32 text. */
  readonly pieceCid: string
  /** Padded size in bytes, that of the piece CID. */
  readonly pieceSize: number
  /** Bytes before padding, those of the piece CID. */
  readonly payloadSize: number
  readonly rootCid?: string
  /** At most 256 bytes. */
  readonly label: string
  /** Epochs from publishing within which the sector must be proven. */
  readonly activateWithin: number
  /** Epochs that are paid, from activation. */
  readonly duration: number
  readonly pricePerEpoch: AttoGrn
  readonly providerCollateral: AttoGrn
  /**
   * Up to then the provider takes more time at this price from anybody, and the client pays for it as it comes due: its standing
   * order. docs/adr/0047-a-standing-order.md
   */
  readonly extendableUntil?: Epoch
  /** The last epoch in which these terms may be published. */
  readonly validUntil: Epoch
  /** u64, chosen by the client: the same terms with another nonce are another deal. */
  readonly nonce: bigint
}

/** {@link DealTerms} over HTTP: amounts, epochs and the nonce are decimal strings. */
export interface DealTermsJson {
  readonly client: string
  readonly provider: number
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
  readonly rootCid?: string
  readonly label: string
  readonly activateWithin: string
  readonly duration: string
  readonly pricePerEpoch: string
  readonly providerCollateral: string
  readonly extendableUntil?: string
  readonly validUntil: string
  readonly nonce: string
}

export const dealTerms: Struct<DealTerms, DealTermsJson> = struct<DealTerms, DealTermsJson>('DealTerms', {
  client: address,
  provider: providerId,
  pieceCid,
  pieceSize: uint(64),
  payloadSize: uint(64),
  rootCid: optional(rootCid, ''),
  label: text(256),
  activateWithin: epochs,
  duration: epochs,
  pricePerEpoch: bigUint(128),
  providerCollateral: bigUint(128),
  extendableUntil: optional(epochs, 0),
  validUntil: epochs,
  nonce: bigUint(64),
})

/** The most that the standing order in these terms may cost beside their price, published at `height`. */
export function orderPriceMax(
  { pricePerEpoch, duration, extendableUntil = 0 }: Pick<DealTerms, 'pricePerEpoch' | 'duration' | 'extendableUntil'>,
  height: Epoch,
): AttoGrn {
  return pricePerEpoch * BigInt(Math.max(0, extendableUntil - height - duration))
}

export function dealTermsToJson(terms: DealTerms): DealTermsJson {
  return dealTerms.toJson(terms, 'terms')
}

/** @throws MessageInvalidError naming the field; unknown fields are refused. */
export function dealTermsFromJson(value: unknown): DealTerms {
  return dealTerms.fromJson(value, 'terms')
}
