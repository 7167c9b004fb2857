/**
 * A quote with the collateral that the provider's standing calls for. What vests for a provider is what it loses when it
 * leaves its deals; of whom little vests, more collateral is asked. docs/economics.md, a deal.
 */

import { GranaryError } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import type { Quote } from '@granary/protocol/messages'
import { type RequestQuoteInput, requestQuote } from './request-quote.ts'
import { retrying } from './retrying.ts'

const GIB = 1n << 30n
/** Of the price: with it, leaving a deal of 180 days costs a provider that has nothing vesting as much as one that has. */
const NEWCOMER_SHARE_BPS = 9_200

/** What the vesting of a provider is measured by. */
export interface Standing {
  /** What a GiB earns an epoch at present, attoGRN. */
  readonly rewardPerGiBEpoch: bigint
  /** The most epochs of reward that leaving forfeits: 90 days in production. */
  readonly forfeitEpochs: number
}

/** In hundredths of a percent of the price. undefined: what the chain demands at least will do. Never above what the provider's ask says it puts up. */
export function collateralShareFor(
  { vesting, ask }: ProviderView,
  pieceSize: number,
  { rewardPerGiBEpoch, forfeitEpochs }: Standing,
): number | undefined {
  const { locked, perDealGiB } = vesting
  // Without a deal, all of it stands behind this one.
  const perGiB = perDealGiB === null ? (BigInt(locked) * GIB) / BigInt(pieceSize) : BigInt(perDealGiB)
  if (perGiB >= rewardPerGiBEpoch * BigInt(forfeitEpochs)) return undefined
  return Math.min(NEWCOMER_SHARE_BPS, ask?.collateralShareMaxBps ?? 0)
}

export interface AskQuoteInput extends RequestQuoteInput {
  readonly standing: Standing
}

/**
 * What the caller names is asked for and nothing else. Otherwise a provider that has not as much to put up is taken with the
 * least: on a young chain all are new.
 * @throws QuoteMismatchError, ProviderSignatureError, ProviderUnreachableError, or the provider's own refusal
 */
export async function askQuote(
  { standing, ...asked }: AskQuoteInput,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Quote> {
  if (asked.collateralShareBps !== undefined) return await retrying(() => requestQuote(asked, options), options)
  const collateralShareBps = collateralShareFor(asked.provider, asked.pieceSize, standing)
  return await retrying(async () => {
    try {
      return await requestQuote({ ...asked, collateralShareBps }, options)
    } catch (error) {
      if (!GranaryError.is(error) || error.code !== 'COLLATERAL_SHORT') throw error
      return await requestQuote(asked, options)
    }
  }, options)
}
