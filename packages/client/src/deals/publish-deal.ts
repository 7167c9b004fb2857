/**
 * Publishes agreed deals: their message locks their prices. The chain takes the same terms once, and it is asked whether it
 * has them before anything is sent, so that a retry pays nothing twice.
 */

import { isAbortError, toHex } from '@granary/base'
import { ChainAnswerError, type ChainClient, ChainTxError, type DealView, sendMessage } from '@granary/protocol/client'
import { type DealTerms, dealTermsDigest, type Hash, type Signer } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'

/** As many as one message takes (docs/spec/chain.md, section 2). */
export const PUBLISHED_MAX = 64

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

type SignedDeal = Pick<PublishDealInput, 'terms' | 'providerSignature'>

/**
 * @returns the deal as the chain has it
 * @throws ChainTxError with the chain's code, such as when the balance does not cover the price
 */
export async function publishDeal(
  { terms, providerSignature, ...rest }: PublishDealInput,
  options: CallOptions = {},
): Promise<DealView> {
  const { deals, failure } = await publishDeals({ ...rest, deals: [{ terms, providerSignature }] }, options)
  if (deals[0] === undefined) throw failure
  return deals[0]
}

/** Several of one client, for one content: at most `PUBLISHED_MAX`. */
export interface PublishDealsInput extends Omit<PublishDealInput, keyof SignedDeal> {
  readonly deals: readonly SignedDeal[]
}

/**
 * In one message, which takes all of them or none.
 * @returns each as the chain has it, or undefined; then `failure` says why. `burnt`: the fee of a message that failed in a block
 */
export async function publishDeals(
  { deals, ...rest }: PublishDealsInput,
  options: CallOptions,
): Promise<{ readonly deals: readonly (DealView | undefined)[]; readonly failure?: unknown; readonly burnt?: string }> {
  const { chain, genesisHash } = rest
  const ids = deals.map(({ terms }) => toHex(dealTermsDigest(genesisHash, terms)))
  const look = async () => {
    const [{ terms }] = deals as [SignedDeal]
    const { client, rootCid, pieceCid } = terms
    // All deals of the content at once, or of the client where they name none: one question instead of many.
    const filter = deals.length === 1 ? { pieceCid } : { client, ...(rootCid && { rootCid }) }
    const found = await Array.fromAsync(chain.deals(filter, options))
    return ids.map((id) => found.find(({ agreementId }) => agreementId === id))
  }
  const there = await look()
  const missing = deals.filter((_, index) => there[index] === undefined)
  if (missing.length === 0) return { deals: there }
  let failure: unknown
  try {
    await sendMessage({ ...rest, kind: 'PublishDeal', body: { deals: missing } }, options)
  } catch (error) {
    if (isAbortError(error)) throw error
    failure = error
  }
  // Looked up even after a failure: an earlier, interrupted try may have been the one that got through.
  const published = await look()
  const lost = published.indexOf(undefined)
  const burnt = failure instanceof ChainTxError ? { burnt: failure.tx.fee } : {}
  failure ??= new ChainAnswerError(chain.url, 200, `a block has the deal ${ids[lost]}, and the list of deals has not`)
  return { deals: published, ...burnt, ...(lost === -1 ? {} : { failure }) }
}
