/** What a client and a provider have agreed on becomes a deal. */
import { bytes, list } from '../codec/field.ts'
import { struct } from '../codec/struct.ts'
import { dealTerms } from './deal-terms.ts'
import { type BodyOf, message, SIGNATURE_UNITS } from './message.ts'

/** Of a message with one deal, its label and its root CID as long as they may be, and both signatures of session keys. */
export const PUBLISH_BYTES_MAX = 1_024

const signedTerms = struct('SignedTerms', { terms: dealTerms, providerSignature: bytes(65, 96) })

export const publishDeal = message({
  name: 'PublishDeal',
  kind: 9,
  scope: 'session',
  // A deal's terms take at least 330 bytes and a signature each.
  units: { base: SIGNATURE_UNITS, perKiB: 4 * SIGNATURE_UNITS },
  fields: {
    deals: list(signedTerms, { min: 1, max: 64 }),
  },
})

export type SignedTerms = BodyOf<typeof publishDeal>['deals'][number]
