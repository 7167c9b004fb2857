/** A price, signed by the provider, with its expiry: the second row of docs/spec/market-protocol.md. */

import { fromHex, GranaryError } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import * as market from '@granary/protocol/market'
import { type Address, type Hash, type Quote, quoteDigest } from '@granary/protocol/messages'
import type { Fetch } from '../ports.ts'
import { askProvider } from './ask-provider.ts'
import { pricePerEpochOf } from './price-per-epoch-of.ts'
import { verifyProviderSignature } from './verify-provider-signature.ts'

const BPS_ONE = 10_000n

/** The quote is not for what was asked, or dearer than the provider's ask on the chain. */
export class QuoteMismatchError extends GranaryError {
  constructor(provider: number, what: string, actual: unknown, expected: unknown) {
    super({
      code: 'QUOTE_MISMATCH',
      message: `provider ${provider} quoted ${what} ${actual}, expected ${expected}`,
      hint: 'nothing was paid; choose another provider',
      details: { provider, what, actual: String(actual), expected: String(expected) },
    })
  }
}

/** A piece that a quote is asked for. */
export interface RequestQuoteInput {
  readonly provider: ProviderView
  readonly endpoint: string
  readonly genesisHash: Hash
  readonly client: Address
  /** Padded piece size in bytes. */
  readonly pieceSize: number
  /** Epochs. */
  readonly duration: number
  /**
   * Epochs: the provider has to prove the deal's sector within this time from its publication; the price is locked
   * meanwhile.
   */
  readonly activateWithinMax: number
  /** Hundredths of a percent of the price that the provider is to put up. @default what the chain demands at least */
  readonly collateralShareBps?: number | undefined
  readonly fetch?: Fetch | undefined
}

/**
 * @returns a quote that is signed by the provider and is for what was asked
 * @throws QuoteMismatchError, ProviderSignatureError, ProviderUnreachableError, or the provider's own refusal
 */
export async function requestQuote(
  input: RequestQuoteInput,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Quote> {
  const { provider, endpoint, genesisHash, client, pieceSize, duration, collateralShareBps, fetch } = input
  const body = { client, pieceSize, duration, collateralShareBps }
  const asked = { params: {}, body }
  const { quote, signature } = await askProvider(endpoint, market.requestQuote, asked, {
    fetch,
    signal: options.signal,
  })
  verifyProviderSignature(provider, 'quote', quoteDigest(genesisHash, quote), fromHex(signature))
  checkQuote(quote, input)
  return quote
}

/** The quote must be for exactly what was asked, add up, and not exceed the ask that the chain shows to everybody. */
function checkQuote(quote: Quote, asked: Omit<RequestQuoteInput, 'genesisHash' | 'fetch'>): void {
  const { provider, client, pieceSize, duration, activateWithinMax } = asked
  const expected = { client, provider: provider.id, pieceSize, duration, total: quote.pricePerEpoch * BigInt(duration) }
  for (const [what, value] of Object.entries(expected)) {
    const actual = quote[what as keyof typeof expected]
    if (actual !== value) throw new QuoteMismatchError(provider.id, what, actual, value)
  }
  if (quote.activateWithin > activateWithinMax) {
    const limit = `at most ${activateWithinMax} epochs`
    throw new QuoteMismatchError(provider.id, 'activateWithin', quote.activateWithin, limit)
  }
  if (!coversShare(quote, asked.collateralShareBps)) {
    const least = `at least ${asked.collateralShareBps} bps of the price`
    throw new QuoteMismatchError(provider.id, 'providerCollateral', quote.providerCollateral, least)
  }
  const priceMax = pricePerEpochOf(provider, pieceSize)
  if (quote.pricePerEpoch > priceMax) {
    throw new QuoteMismatchError(provider.id, 'pricePerEpoch', quote.pricePerEpoch, `at most ${priceMax}, its ask`)
  }
}

/** Whether the collateral is the share of the price that was asked for. */
export function coversShare({ providerCollateral, total }: Quote, shareBps = 0): boolean {
  return providerCollateral * BPS_ONE >= total * BigInt(shareBps)
}
