/** POST /v1/quotes: a price that the provider signs and stands by until it runs out. */
import { randomBytes } from 'node:crypto'
import { GranaryError } from '@granary/base'
import type { Budget } from '@granary/chain/limits'
import { type Address, type Hash, type Quote, type Signer, typedQuote } from '@granary/protocol/messages'
import { dealBytes, type Space } from '../storage/space.ts'
import { payloadMax } from '../uploads/open-upload.ts'
import { QuotaExceededError } from '../uploads/upload-errors.ts'
import { type Ask, priceQuote, type QuoteRules } from './price-quote.ts'
import { type PromisedDeals, type ProviderMeans, requireMeans } from './provider-means.ts'
import type { QuoteStore } from './quote-store.ts'

/** What the chain says at this moment. */
export interface Market {
  readonly head: number
  readonly blockTimeMs: number
  readonly ask: Ask | undefined
  readonly rules: QuoteRules
}

export interface IssueQuoteContext {
  readonly genesisHash: Hash
  readonly providerId: number
  readonly signer: Signer
  readonly market: () => Promise<Market>
  readonly means: () => Promise<ProviderMeans>
  readonly promised: () => PromisedDeals
  readonly quotes: QuoteStore
  readonly space: Space
  readonly sectorBytes: number
  readonly activateWithinMs: number
  readonly acceptDeals: boolean
  readonly limits: { readonly quoteValidMs: number; readonly quotesPerAddress: number; readonly quotesTotal: number }
  /** Of quotesPerAddress while a quote is valid. */
  readonly budget: Budget
}

export interface QuoteRequest {
  /** The address that asks; undefined where it does not count. */
  readonly asker: string | undefined
  /** Anybody may name any account: a quote costs the one that it names nothing. */
  readonly client: Address
  /** Padded: a power of two. */
  readonly pieceSize: number
  /** Epochs. */
  readonly duration: number
  /** Hundredths of a percent of the price that the provider is to put up. @default what the chain demands at least */
  readonly collateralShareBps?: number | undefined
}

export class NoAskError extends GranaryError {
  constructor(providerId: number) {
    super({
      code: 'NO_ASK',
      message: `provider ${providerId} has no ask on the chain`,
      hint: 'choose another provider, or wait until it sets one',
    })
  }
}

/** Its owner leaves, or wants no more for a while. */
export class DealsNotTakenError extends GranaryError {
  constructor(providerId: number) {
    super({
      code: 'DEALS_NOT_TAKEN',
      message: `provider ${providerId} takes no new deals`,
      hint: 'choose another provider; what it has stored stays, and is served',
    })
  }
}

/** Of all addresses together. */
export class QuotesFullError extends GranaryError {
  constructor(count: number) {
    super({
      code: 'QUOTES_FULL',
      message: `${count} quotes are open already`,
      hint: 'try again when some have run out, or choose another provider',
      details: { count },
    })
  }
}

/** @throws DealsNotTakenError, QuotesFullError, CollateralShortError, FeesShortError, QuoteBoundError, NoAskError, NoSpaceError, QuotaExceededError */
export async function issueQuote(
  context: IssueQuoteContext,
  request: QuoteRequest,
): Promise<{ quote: Quote; signature: Uint8Array }> {
  const { client, pieceSize, duration, collateralShareBps } = request
  const { limits, quotes } = context
  if (!context.acceptDeals) throw new DealsNotTakenError(context.providerId)
  if ((await context.budget.spend(request.asker, 1)) !== undefined)
    throw new QuotaExceededError('quotes', limits.quotesPerAddress + 1, limits.quotesPerAddress)
  const { head, blockTimeMs, ask, rules } = await context.market()
  if (ask === undefined) throw new NoAskError(context.providerId)
  const { sectorBytes } = context
  const price = priceQuote({ ask, rules, head, blockTimeMs, sectorBytes, pieceSize, duration, collateralShareBps })
  requireMeans(await context.means(), context.promised(), { ...price, pieceSize })
  context.space.require(dealBytes(payloadMax(pieceSize), pieceSize))
  const quote: Quote = {
    quoteId: randomBytes(16).toString('hex'),
    client,
    provider: context.providerId,
    pieceSize,
    duration,
    ...price,
    activateWithin: Math.max(Math.ceil(context.activateWithinMs / blockTimeMs), rules.activateWithinMin),
    validUntil: head + Math.ceil(limits.quoteValidMs / blockTimeMs),
  }
  const signature = await context.signer.sign(typedQuote(context.genesisHash, quote))
  const count = quotes.count()
  if (count >= limits.quotesTotal) throw new QuotesFullError(count)
  await quotes.add(quote)
  return { quote, signature }
}
