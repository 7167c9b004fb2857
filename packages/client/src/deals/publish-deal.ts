/**
 * Publishes an agreed deal: its message locks the price. The chain takes the same terms once, and it is asked whether it
 * has them before anything is sent, so that a retry pays nothing twice.
 */

import { isAbortError, toHex } from '@granary/base'
import { type ChainClient, type DealView, sendMessage } from '@granary/protocol/client'
import { type DealTerms, dealTermsDigest, type Hash, type Signer } from '@granary/protocol/messages'

/** An agreement that both sides have signed, and who sends it. */
export interface PublishDealInput {
  readonly chain: ChainClient
  readonly signer: Signer
  readonly genesisHash: Hash
  readonly terms: DealTerms
  readonly providerSignature: Uint8Array
  /** attoGRN, of the message. */
  readonly feeMax?: bigint | undefined
}

/**
 * @returns the deal as the chain has it
 * @throws ChainTxError with the chain's code, such as when the balance does not cover the price
 */
export async function publishDeal(
  input: PublishDealInput,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DealView> {
  const { chain, signer, genesisHash, terms, providerSignature, feeMax } = input
  const agreementId = toHex(dealTermsDigest(genesisHash, terms))
  const there = await findPublished({ chain, terms, agreementId }, options)
  if (there) return there
  let failure: unknown
  try {
    const body = { deals: [{ terms, providerSignature }] }
    await sendMessage({ chain, signer, kind: 'PublishDeal', body, feeMax }, options)
  } catch (error) {
    if (isAbortError(error)) throw error
    failure = error
  }
  // Looked up even after a failure: an earlier, interrupted try may have been the one that got through.
  const published = await findPublished({ chain, terms, agreementId }, options)
  if (published) return published
  throw failure ?? new Error(`the deal ${agreementId} was committed and is not on the chain`)
}

/** An agreement that may be on the chain. */
export interface FindPublishedInput {
  readonly chain: ChainClient
  readonly terms: Pick<DealTerms, 'pieceCid'>
  readonly agreementId: Hash
}

/** The deal of these very terms, if the chain has it. */
export async function findPublished(
  input: FindPublishedInput,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DealView | undefined> {
  const { chain, terms, agreementId } = input
  for await (const deal of chain.deals({ pieceCid: terms.pieceCid }, options)) {
    if (deal.agreementId === agreementId) return deal
  }
  return undefined
}
