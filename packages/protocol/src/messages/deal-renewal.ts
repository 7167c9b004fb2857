/** What a provider signs when a client wants more time for a deal, at its price. docs/spec/chain.md section 2. */
import { bigUint, epochs, hexBytes } from '../codec/field.ts'
import { dealId } from '../codec/ids.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { AttoGrn, Epoch, Hash } from '../codec/types.ts'

export interface DealRenewal {
  readonly deal: number
  /** Of the deal's terms, so that the signature is for this deal on this chain only. */
  readonly agreementId: Hash
  /** The deal's end so far: of all that were signed from one end, the chain takes one. */
  readonly startsAt: Epoch
  /** The new end. */
  readonly endsAt: Epoch
  /** Added to the deal's, for the time from the one end to the other. */
  readonly providerCollateral: AttoGrn
  /** The last epoch in which it may be sent. */
  readonly validUntil: Epoch
}

export const dealRenewal: Struct<DealRenewal> = struct<DealRenewal>('DealRenewal', {
  deal: dealId,
  agreementId: hexBytes(32, 'bytes32'),
  startsAt: epochs,
  endsAt: epochs,
  providerCollateral: bigUint(128),
  validUntil: epochs,
})
