/** The signatures that a transaction stands on: its sender's, and those of what it brings of a provider's. */
import { dealRenewalDigest, dealTermsDigest, type Hash, type Transaction } from '@granary/protocol/messages'
import type { SignedDigest } from './tasks.ts'

export function signedDigests(genesisHash: Hash, tx: Transaction, own: SignedDigest): SignedDigest[] {
  if (tx.kind === 'RenewDeal') {
    const { renewal, providerSignature } = tx.body
    return [own, { digest: dealRenewalDigest(genesisHash, renewal), signature: providerSignature }]
  }
  if (tx.kind !== 'PublishDeal') return [own]
  const terms = tx.body.deals.map(({ terms, providerSignature }) => ({
    digest: dealTermsDigest(genesisHash, terms),
    signature: providerSignature,
  }))
  return [own, ...terms]
}
