/**
 * What a deal costs by the provider's ask, or which bound it breaks. Pure: the ask, the chain's parameters and the head
 * are given (docs/spec/market-protocol.md, quote).
 */

import { type ErrorCode, GranaryError } from '@granary/base'
import { formatEpochs } from '@granary/protocol/epochs'
import type { Quote } from '@granary/protocol/messages'

export interface Ask {
  readonly pricePerGiBEpoch: bigint
  readonly pieceSizeMin: number
  readonly pieceSizeMax: number
  readonly durationMin: number
  readonly durationMax: number
  /** Hundredths of a percent of the price. */
  readonly collateralShareMaxBps: number
  readonly validUntil: number
}

/** The parameters of the chain that go into a quote. */
export interface QuoteRules {
  /** Hundredths of a percent of each payment that are burnt. */
  readonly networkFeeBps: number
  /** Hundredths of a percent of the price that the provider locks, at least. */
  readonly minCollateralShareBps: number
  readonly durationMin: number
  readonly durationMax: number
  readonly activateWithinMin: number
}

export interface PriceQuoteInput {
  readonly ask: Ask
  readonly rules: QuoteRules
  readonly sectorBytes: number
  readonly head: number
  readonly blockTimeMs: number
  readonly pieceSize: number
  readonly duration: number
  /** Asked for above the least. */
  readonly collateralShareBps?: number | undefined
}

export type Price = Pick<Quote, 'pricePerEpoch' | 'total' | 'networkFee' | 'providerCollateral'>

/** `details` names the bound, its value and what was asked for. */
export class QuoteBoundError extends GranaryError {
  constructor(
    code: ErrorCode,
    message: string,
    hint: string,
    details: { bound: string; limit: number; asked: number },
  ) {
    super({ code, message, hint, details })
  }
}

const GIB = 1024n ** 3n
const BPS_ONE = 10_000n
const PIECE_SIZE_LEAST = 128

/** @throws QuoteBoundError */
export function priceQuote(input: PriceQuoteInput): Price {
  checkPieceSize(input)
  checkDuration(input)
  checkCollateral(input)
  const { ask, rules, pieceSize, duration } = input
  const pricePerEpoch = pricePerEpochBy(ask, pieceSize)
  const total = pricePerEpoch * BigInt(duration)
  return {
    pricePerEpoch,
    total,
    networkFee: (total * BigInt(rules.networkFeeBps)) / BPS_ONE,
    providerCollateral: divideUp(total * BigInt(collateralShareOf(input)), BPS_ONE),
  }
}

/** @param pieceSize padded, in bytes @returns attoGRN */
export function pricePerEpochBy({ pricePerGiBEpoch }: Pick<Ask, 'pricePerGiBEpoch'>, pieceSize: number): bigint {
  return divideUp(pricePerGiBEpoch * BigInt(pieceSize), GIB)
}

function checkPieceSize({ ask, sectorBytes, pieceSize }: PriceQuoteInput): void {
  // Doubles are exact here: a power of two divides by two down to the least.
  const isPowerOfTwo = Number.isInteger(Math.log2(pieceSize)) && 2 ** Math.log2(pieceSize) === pieceSize
  if (!isPowerOfTwo || pieceSize < PIECE_SIZE_LEAST)
    throw new QuoteBoundError(
      'PIECE_SIZE_INVALID',
      `pieceSize ${pieceSize} is not a power of two of at least ${PIECE_SIZE_LEAST} bytes`,
      'ask with the padded size of the piece',
      { bound: 'powerOfTwo', limit: PIECE_SIZE_LEAST, asked: pieceSize },
    )
  if (pieceSize < ask.pieceSizeMin)
    throw new QuoteBoundError(
      'PIECE_TOO_SMALL',
      `pieceSize ${pieceSize} is below this provider's least of ${ask.pieceSizeMin} bytes`,
      'choose another provider, or store more at once',
      { bound: 'pieceSizeMin', limit: ask.pieceSizeMin, asked: pieceSize },
    )
  const pieceSizeMax = Math.min(ask.pieceSizeMax, sectorBytes)
  if (pieceSize > pieceSizeMax)
    throw new QuoteBoundError(
      'PIECE_TOO_LARGE',
      `pieceSize ${pieceSize} is above this provider's limit of ${pieceSizeMax} bytes (its sectors have ${sectorBytes})`,
      'choose a provider with larger sectors, or store a smaller file',
      { bound: 'pieceSizeMax', limit: pieceSizeMax, asked: pieceSize },
    )
}

function checkDuration({ ask, rules, head, blockTimeMs, duration }: PriceQuoteInput): void {
  const lasting = (epochs: number): string => formatEpochs(epochs, { blockTimeMs })
  if (ask.validUntil < head)
    throw new QuoteBoundError(
      'ASK_EXPIRED',
      `this provider's ask ended ${lasting(head - ask.validUntil)} ago`,
      'choose another provider, or wait until it sets a new ask',
      { bound: 'validUntil', limit: ask.validUntil, asked: head },
    )
  const durationMin = Math.max(ask.durationMin, rules.durationMin)
  if (duration < durationMin)
    throw new QuoteBoundError(
      'DURATION_TOO_SHORT',
      `a duration of ${lasting(duration)} is below the least of ${lasting(durationMin)}`,
      'ask for a longer deal',
      { bound: 'durationMin', limit: durationMin, asked: duration },
    )
  const durationMax = Math.min(ask.durationMax, rules.durationMax)
  if (duration > durationMax)
    throw new QuoteBoundError(
      'DURATION_TOO_LONG',
      `a duration of ${lasting(duration)} is above the limit of ${lasting(durationMax)}`,
      'ask for a shorter deal and make another one later',
      { bound: 'durationMax', limit: durationMax, asked: duration },
    )
}

/** Never below what the chain demands, which may have risen since the ask. */
function collateralShareOf({ rules, collateralShareBps = 0 }: PriceQuoteInput): number {
  return Math.max(rules.minCollateralShareBps, collateralShareBps)
}

function checkCollateral({ ask, collateralShareBps: asked = 0 }: PriceQuoteInput): void {
  const limit = ask.collateralShareMaxBps
  if (asked > limit)
    throw new QuoteBoundError(
      'COLLATERAL_TOO_HIGH',
      `collateral of ${asked} bps of the price is above this provider's most of ${limit}`,
      'ask for less, or choose a provider whose ask says more',
      { bound: 'collateralShareMaxBps', limit, asked },
    )
}

/** Against the payer: what is promised is never below the share. */
function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by
}
