/** Asks the slot's provider for its price, which it signs and stands by until the quote runs out. */
import { epochsIn } from '@granary/protocol/epochs'
import { dealFee, type Quote, type QuoteJson, quoteFromJson, quoteToJson } from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import { askQuote } from '../../providers/ask-quote.ts'
import { slotIn, slotOf, stateOf, type UploadRun } from '../upload-run.ts'

/**
 * A provider that wants more time than this before its first proof, while the price is locked, is passed over: no sector
 * takes as long.
 */
const ACTIVATE_WITHIN_MAX_MS = 7 * 24 * 60 * 60_000

export async function quote(run: UploadRun, index: number, options: CallOptions): Promise<void> {
  slotIn(run, index, 'chosen')
  const answer = quoteToJson(await quoteFor(run, index, options))
  await run.log.append({ type: 'slot:quoted', slot: index, quote: answer })
  await reportQuoted(run, index, answer, options)
}

/** @throws QuoteMismatchError, ProviderSignatureError, ProviderUnreachableError, or the provider's own refusal */
export async function quoteFor(run: UploadRun, index: number, options: CallOptions): Promise<Quote> {
  const { ports, status, met, collateralShareBps } = run
  const { chain, account, fetch } = ports
  const { view, endpoint } = met.get(index)!
  const [{ forfeitEpochs }, supply] = await Promise.all([chain.params(options), chain.supply(options)])
  const asked = {
    standing: { rewardPerGiBEpoch: BigInt(supply.rewardPerGiBEpoch), forfeitEpochs },
    provider: view,
    endpoint,
    genesisHash: status.genesisHash,
    client: account.address,
    pieceSize: slotOf(run, index).of.pieceSize,
    duration: stateOf(run).duration,
    collateralShareBps,
    activateWithinMax: epochsIn(ACTIVATE_WITHIN_MAX_MS, status),
    fetch,
  }
  return await askQuote(asked, options)
}

export async function reportQuoted(
  run: UploadRun,
  index: number,
  json: QuoteJson,
  options: CallOptions,
): Promise<void> {
  const { pricePerEpoch, total, duration, providerCollateral } = quoteFromJson(json)
  const recordFee = `${dealFee(await run.ports.chain.params(options))}`
  const amounts = { pricePerEpoch: `${pricePerEpoch}`, total: `${total}`, recordFee }
  const durationMs = duration * run.status.blockTimeMs
  run.report({ type: 'quoted', slot: index, ...amounts, collateral: `${providerCollateral}`, duration, durationMs })
}
