/** What a put has come to. */
import type { Place } from '../journal/upload-state.ts'
import type { OptionOfTerms } from './without-effect.ts'

/** One deal of a put. */
export interface PutDeal extends Place {
  readonly state: 'published' | 'active'
  readonly dealId: number
  readonly provider: number
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
  readonly agreementId: string
  /** attoGRN in decimal, for the whole duration. */
  readonly price: string
}

/** The fields of a deal are those of the first; `deals` has all. */
export interface PutResult extends Omit<PutDeal, 'piece' | 'copy' | 'state' | 'price'> {
  readonly rootCid: string
  /** To what was given, for `get` and `save`: the root, and the name of a file that it is a folder around. */
  readonly path: string
  readonly fileBytes: number
  /** attoGRN in decimal, of all deals for their whole duration. */
  readonly price: string
  readonly deals: readonly PutDeal[]
  /** Options that were given, and that a deal which was agreed before does not follow: `again` makes others. */
  readonly withoutEffect: readonly OptionOfTerms[]
}
