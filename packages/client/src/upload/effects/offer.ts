/** Makes the terms of a slot's deal. They are in the log before the provider sees them, so that a nonce is used once. */
import { toHex } from '@granary/base'
import { epochsIn } from '@granary/protocol/epochs'
import {
  type DealTerms,
  dealTermsDigest,
  dealTermsToJson,
  type Quote,
  quoteFromJson,
  quoteToJson,
} from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import { PriceAboveMaxError } from '../price-above-max.ts'
import { PriceChangedError } from '../price-changed.ts'
import { runPrice } from '../run-price.ts'
import { slotIn, stateOf, type UploadRun } from '../upload-run.ts'
import { quoteFor } from './quote.ts'

/** How long the signed terms may be published, which takes a block or two; the provider keeps the room until then. */
const TERMS_VALID_MS = 15 * 60_000
/** Terms and quotes that end within this time are made anew, since they might run out before a block takes them. */
const TERMS_MARGIN_MS = 15_000

/** @throws PriceChangedError, and what the provider refuses */
export async function offer(run: UploadRun, index: number, options: CallOptions): Promise<void> {
  const { ports, log, label, status } = run
  const { provider, quote: json, of } = slotIn(run, index, 'uploaded')
  const { height } = await ports.chain.status(options)
  const { activateWithin, duration, pricePerEpoch, providerCollateral } = await lastingQuote(
    run,
    index,
    quoteFromJson(json),
    height,
    options,
  )
  const terms: DealTerms = {
    client: ports.account.address,
    provider,
    pieceCid: of.pieceCid!,
    pieceSize: of.pieceSize,
    payloadSize: of.payloadSize,
    rootCid: stateOf(run).rootCid,
    label,
    activateWithin,
    duration,
    pricePerEpoch,
    providerCollateral,
    ...(run.order.until === 0 ? {} : { extendableUntil: run.order.until }),
    validUntil: height + epochsIn(TERMS_VALID_MS, status),
    nonce: newNonce(run),
  }
  await checkPrice(run, index)
  const agreementId = toHex(dealTermsDigest(status.genesisHash, terms))
  await log.append({ type: 'slot:offered', slot: index, terms: dealTermsToJson(terms), agreementId })
}

/**
 * Nothing is uploaded or offered that would bring the whole above what may be spent: the slot is left, so that it is not in the
 * way of others. @throws PriceAboveMaxError
 */
export async function checkPrice(run: UploadRun, index: number): Promise<void> {
  const { maxPrice, log } = run
  if (maxPrice === undefined) return
  const price = runPrice(stateOf(run), run)
  if (price <= maxPrice) return
  await log.append({ type: 'slot:withdrawn', slot: index })
  throw new PriceAboveMaxError(price, maxPrice)
}

/** The quote, or one in its place that is no dearer. */
async function lastingQuote(
  run: UploadRun,
  index: number,
  quote: Quote,
  height: number,
  options: CallOptions,
): Promise<Quote> {
  if (quote.validUntil - height >= marginEpochs(run)) return quote
  const later = await quoteFor(run, index, options)
  if (later.total > quote.total) {
    await run.log.append({ type: 'slot:withdrawn', slot: index })
    throw new PriceChangedError(quote.provider, quote.total, later.total)
  }
  await run.log.append({ type: 'slot:quoted', slot: index, quote: quoteToJson(later) })
  return later
}

export function marginEpochs({ status }: UploadRun): number {
  return epochsIn(TERMS_MARGIN_MS, status)
}

/** A u64: two deals of the same content and price differ by it. */
function newNonce({ ports }: UploadRun): bigint {
  return BigInt(toHex(ports.random.bytes(8)))
}
