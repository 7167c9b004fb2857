/** Has the provider sign the terms of a deal, which it does once it has verified the uploaded data. */

import { fromHex, GranaryError, toHex } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import * as market from '@granary/protocol/market'
import { type DealTerms, dealTermsDigest, dealTermsToJson, type Hash } from '@granary/protocol/messages'
import type { Fetch } from '../ports.ts'
import { askProvider } from './ask-provider.ts'
import { verifyProviderSignature } from './verify-provider-signature.ts'

/** The provider hashes every block of the CAR before it answers, beside those of others: so long for each MiB, after the first minutes. */
const AGREE_MS = { least: 5 * 60_000, perMiB: 100 }

/** The provider signed other terms than those it was sent. */
export class TermsMismatchError extends GranaryError {
  constructor(provider: number, sent: Hash, received: Hash) {
    super({
      code: 'TERMS_MISMATCH',
      message: `provider ${provider} answered with terms ${received}, it was sent ${sent}`,
      hint: 'nothing was paid; choose another provider',
      details: { provider, sent, received },
    })
  }
}

/** Terms that a provider is asked to sign. */
export interface AgreeDealInput {
  readonly provider: ProviderView
  readonly endpoint: string
  readonly genesisHash: Hash
  readonly uploadId: string
  readonly terms: DealTerms
  readonly token: string
  readonly fetch?: Fetch | undefined
}

/** Terms that both sides have signed. */
export interface Agreement {
  /** The digest of the terms: the same on both sides and on the chain. */
  readonly agreementId: Hash
  readonly providerSignature: Uint8Array
}

/**
 * The same terms, nonce included, get the same agreement.
 * @throws TermsMismatchError, ProviderSignatureError, or the provider's refusal
 */
export async function agreeDeal(
  input: AgreeDealInput,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Agreement> {
  const { provider, endpoint, genesisHash, uploadId, terms, token, fetch } = input
  const body = { uploadId, terms: dealTermsToJson(terms) }
  const timeoutMs = AGREE_MS.least + AGREE_MS.perMiB * Math.ceil(terms.payloadSize / (1 << 20))
  const answer = await askProvider(
    endpoint,
    market.agreeDeal,
    { params: {}, body },
    { token, fetch, signal: options.signal, timeoutMs },
  )
  const digest = dealTermsDigest(genesisHash, terms)
  const agreementId = toHex(digest)
  const signed = toHex(dealTermsDigest(genesisHash, answer.terms))
  if (signed !== agreementId) throw new TermsMismatchError(provider.id, agreementId, signed)
  const providerSignature = fromHex(answer.signature)
  verifyProviderSignature(provider, 'agreement', digest, providerSignature)
  return { agreementId, providerSignature }
}
