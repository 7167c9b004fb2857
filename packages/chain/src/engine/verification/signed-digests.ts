/** The signatures that a transaction stands on: its sender's, and those of the terms that it brings. */
import { dealTermsDigest, type Hash, type Transaction } from '../../messages/index.ts'
import type { SignedDigest } from './tasks.ts'

export function signedDigests(genesisHash: Hash, tx: Transaction, own: SignedDigest): SignedDigest[] {
  if (tx.kind !== 'PublishDeal') return [own]
  const terms = tx.body.deals.map(({ terms, providerSignature }) => ({
    digest: dealTermsDigest(genesisHash, terms),
    signature: providerSignature,
  }))
  return [own, ...terms]
}
