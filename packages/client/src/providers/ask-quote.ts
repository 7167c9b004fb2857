/**
 * A quote with as much collateral as the provider's standing calls for. A provider that leaves its deals loses what vests
 * for it, so that more collateral is asked of a provider for which little vests. docs/economics.md, a deal.
 */

import { GranaryError } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import type { Quote } from '@granary/protocol/messages'
import { type RequestQuoteInput, requestQuote } from './request-quote.ts'
import { retrying } from './retrying.ts'

const GIB = 1n << 30n
/**
 * Hundredths of a percent of the price. With this collateral, leaving a deal of 180 days costs a provider for which nothing
 * vests as much as another.
 */
const NEWCOMER_SHARE_BPS = 9_200

/** What the vesting of a provider is measured by. */
export interface Standing {
  /** What a GiB earns an epoch at present, attoGRN. */
  readonly rewardPerGiBEpoch: bigint
  /** The most epochs of reward that leaving forfeits: 90 days in production. */
  readonly forfeitEpochs: number
}

/**
 * @param pieceSize padded, in bytes
 * @returns hundredths of a percent of the price, at most what the provider's ask offers; undefined: what the chain demands
 * at least
 */
export function collateralShareFor(
  { vesting, ask }: ProviderView,
  pieceSize: number,
  { rewardPerGiBEpoch, forfeitEpochs }: Standing,
): number | undefined {
  const { locked, perDealGiB } = vesting
  // A provider without a deal has all that vests at stake for this one.
  const perGiB = perDealGiB === null ? (BigInt(locked) * GIB) / BigInt(pieceSize) : BigInt(perDealGiB)
  if (perGiB >= rewardPerGiBEpoch * BigInt(forfeitEpochs)) return undefined
  return Math.min(NEWCOMER_SHARE_BPS, ask?.collateralShareMaxBps ?? 0)
}

/** A piece that a provider is to name its price for. */
export interface AskQuoteInput extends RequestQuoteInput {
  readonly standing: Standing
}

/**
 * A share that the caller names is asked for and no other. Without one, a provider that cannot put up what its standing
 * calls for is asked again for the least that the chain demands: on a young chain all providers are new.
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
