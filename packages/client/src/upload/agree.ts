/**
 * The half of a put that happens with the provider: quote, look at the balance, upload, agreement. What a step brought is
 * in the journal before the next one begins.
 */

import { GranaryError, toHex } from '@granary/base'
import type { ChainStatus } from '@granary/protocol/client'
import {
  type DealTerms,
  dealFee,
  dealTermsDigest,
  dealTermsFromJson,
  dealTermsToJson,
  formatGrn,
  type Hash,
  type Quote,
  quoteFromJson,
  quoteToJson,
} from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { PutRecord } from '../journal/put-record.ts'
import type { Ports } from '../ports.ts'
import { agreeDeal } from '../providers/agree-deal.ts'
import { askQuote } from '../providers/ask-quote.ts'
import { type ChosenProvider, chooseProvider, NoProviderError } from '../providers/choose-provider.ts'
import { keepLoggedIn, login } from '../providers/login.ts'
import { coversShare } from '../providers/request-quote.ts'
import { retrying } from '../providers/retrying.ts'
import { uploadIdOf, uploadPiece } from '../providers/upload-piece.ts'
import { checkFunds } from './check-funds.ts'
import { explainClocks } from './explain-clocks.ts'
import { withoutTerms } from './open-record.ts'
import type { PutProgress } from './put-progress.ts'

/** How long the signed terms may be published, which takes a block or two; the provider keeps the room until then. */
const TERMS_VALID_MS = 15 * 60_000
/**
 * A provider that wants more time than this before its first proof, while the price is locked, is passed over: no sector
 * takes as long.
 */
const ACTIVATE_WITHIN_MAX_MS = 7 * 24 * 60 * 60_000
/** Terms that end within this time are made anew, since they might run out before a block takes them. */
const TERMS_MARGIN_MS = 15_000

/** The first quote ran out during the upload, and the next one is dearer. */
export class PriceChangedError extends GranaryError {
  constructor(provider: number, before: bigint, now: bigint) {
    super({
      code: 'PRICE_CHANGED',
      message: `provider ${provider} now asks ${formatGrn(now)}, it was ${formatGrn(before)} when the upload began`,
      hint: 'nothing was paid; put again to accept the new price, the upload is kept',
      details: { provider, before: `${before}`, now: `${now}` },
    })
  }
}

export interface AgreeInput {
  readonly ports: Ports
  readonly status: ChainStatus
  readonly record: PutRecord
  readonly label: string
  /** Hundredths of a percent of the price that the provider is to put up. */
  readonly collateralShareBps: number | undefined
  /** The user named the provider: no other will do. */
  readonly providerNamed: boolean
  readonly refusedBy?: ReadonlyMap<number, string>
  readonly report: (progress: PutProgress) => void
}

export interface Agreed {
  readonly record: PutRecord
  readonly chosen: ChosenProvider
}

/** @throws NoProviderError, InsufficientFundsError, PriceChangedError, and what the provider refuses */
export async function agree(input: AgreeInput, options: CallOptions): Promise<Agreed> {
  const { ports, status, label, collateralShareBps, report } = input
  const { chain, journal, account, spool, random, clock, fetch } = ports
  const { signal } = options
  const { genesisHash } = status
  let record = input.record
  const save = async (changes: Partial<PutRecord>) => {
    record = { ...record, ...changes }
    await journal.write(record)
  }

  const chosen = await choose(input, options)
  const { endpoint, view } = chosen
  report({ type: 'provider:chosen', provider: view.id, name: view.name, endpoint })
  if (view.id !== record.provider) {
    // The record's upload, quote and terms are those of another provider.
    const { uploadUrl: _uploadUrl, ...rest } = withoutTerms(record, random)
    record = { ...rest, provider: view.id }
  }

  const [params, supply] = await Promise.all([chain.params(options), chain.supply(options)])
  const { forfeitEpochs } = params
  const asked = {
    standing: { rewardPerGiBEpoch: BigInt(supply.rewardPerGiBEpoch), forfeitEpochs },
    provider: view,
    endpoint,
    genesisHash,
    client: account.address,
    pieceSize: record.pieceSize,
    duration: record.duration,
    collateralShareBps,
    activateWithinMax: Math.ceil(ACTIVATE_WITHIN_MAX_MS / status.blockTimeMs),
    fetch,
  }
  const quoteAnew = () => askQuote(asked, options)
  let quote = liveQuote(record, status.height, collateralShareBps) ?? (await quoteAnew())
  await save({ quote: quoteToJson(quote) })
  const recordFee = dealFee(params)
  report(quoted(quote, recordFee))
  await checkFunds({ chain, address: account.address, price: quote.total }, options)

  const token = keepLoggedIn(
    () =>
      retrying(
        () => login({ endpoint, provider: view.id, genesisHash, signer: account, fetch, clock }, options),
        options,
      ).catch(async (error: unknown) => {
        throw await explainClocks(error, { chain, clock, provider: view.id }, options)
      }),
    clock,
  )
  await using source = await spool.open(record.rootCid, 0)
  const { pieceCid, pieceSize, payloadSize, rootCid, uploadUrl: earlierUrl } = record
  const metadata = { pieceSize, rootCid, quoteId: quote.quoteId }
  const uploadUrl = await uploadPiece(
    { endpoint, source, metadata, token, uploadUrl: earlierUrl, fetch, clock },
    {
      signal,
      onUploadUrl: (url) => save({ uploadUrl: url }),
      onProgress: ({ sent, total: bytes }) => report({ type: 'upload:progress', sent, total: bytes }),
    },
  )
  await save({ uploadUrl })

  const { height, blockTimeMs } = await chain.status(options)
  const marginEpochs = Math.ceil(TERMS_MARGIN_MS / blockTimeMs)
  let terms = record.terms && dealTermsFromJson(record.terms)
  if (!terms || terms.validUntil - height < marginEpochs || !matches(terms, quote)) {
    if (quote.validUntil - height < marginEpochs) {
      const later = await quoteAnew()
      if (later.total > quote.total) {
        await save(withoutTerms(record, random))
        throw new PriceChangedError(view.id, quote.total, later.total)
      }
      quote = later
    }
    record = withoutTerms(record, random)
    terms = {
      client: account.address,
      provider: view.id,
      pieceCid,
      pieceSize,
      payloadSize,
      rootCid,
      label,
      activateWithin: quote.activateWithin,
      duration: quote.duration,
      pricePerEpoch: quote.pricePerEpoch,
      providerCollateral: quote.providerCollateral,
      validUntil: height + Math.ceil(TERMS_VALID_MS / blockTimeMs),
      nonce: BigInt(record.nonce),
    }
    const agreementId: Hash = toHex(dealTermsDigest(genesisHash, terms))
    await save({ quote: quoteToJson(quote), terms: dealTermsToJson(terms), agreementId })
  }
  const settled: DealTerms = terms
  const uploadId = uploadIdOf(uploadUrl)
  const { agreementId, providerSignature } = await retrying(
    async () =>
      agreeDeal(
        { provider: view, endpoint, genesisHash, uploadId, terms: settled, token: await token(), fetch },
        options,
      ),
    options,
  )
  await save({ agreementId, providerSignature: toHex(providerSignature) })
  report({ type: 'agreed', agreementId, provider: view.id })
  return { record, chosen }
}

/** Prefers the provider of an earlier run, which may have most of the bytes already. */
async function choose(input: AgreeInput, options: CallOptions): Promise<ChosenProvider> {
  const { ports, record, providerNamed, refusedBy, collateralShareBps, report } = input
  const { chain, fetch } = ports
  const { pieceSize, duration, provider } = record
  const onRefused = (refusal: NoProviderError['refusals'][number]) => report({ type: 'provider:refused', ...refusal })
  const choice = { ...options, onRefused }
  try {
    return await chooseProvider(
      { chain, fetch, wanted: { pieceSize, duration, provider, refusedBy, collateralShareBps } },
      choice,
    )
  } catch (error) {
    if (!(error instanceof NoProviderError) || provider === undefined || providerNamed) throw error
    return await chooseProvider(
      { chain, fetch, wanted: { pieceSize, duration, refusedBy, collateralShareBps } },
      choice,
    )
  }
}

/**
 * Whether terms of an earlier run are those of the quote: under one that has run out since, the provider would refuse them.
 */
function matches(terms: DealTerms, quote: Quote): boolean {
  return (
    terms.pricePerEpoch === quote.pricePerEpoch &&
    terms.duration === quote.duration &&
    terms.providerCollateral === quote.providerCollateral &&
    terms.activateWithin === quote.activateWithin
  )
}

function liveQuote(record: PutRecord, height: number, shareBps: number | undefined): Quote | undefined {
  const quote = record.quote && quoteFromJson(record.quote)
  return quote && quote.validUntil > height && coversShare(quote, shareBps) ? quote : undefined
}

function quoted({ pricePerEpoch, total, duration, providerCollateral }: Quote, recordFee: bigint): PutProgress {
  const amounts = { pricePerEpoch: `${pricePerEpoch}`, total: `${total}`, recordFee: `${recordFee}` }
  return { type: 'quoted', ...amounts, collateral: `${providerCollateral}`, duration }
}
