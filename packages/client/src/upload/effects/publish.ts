/**
 * Publishes the deal of an agreed slot, which locks its price. The chain takes the same terms once, and it is asked whether
 * it has them before anything is sent, so that a retry pays nothing twice.
 */
import { fromHex } from '@granary/base'
import { epochTimeMs } from '@granary/protocol/epochs'
import { dealFee, dealTermsFromJson, type Hash } from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import { publishDeal } from '../../deals/publish-deal.ts'
import { dealFeesWithin, offeredPrice } from '../run-price.ts'
import { slotIn, stateOf, type UploadRun } from '../upload-run.ts'

/** @throws FeeAboveMaxError, and the chain's verdict */
export async function publish(run: UploadRun, index: number, options: CallOptions): Promise<void> {
  const { ports, log, status, report } = run
  const { chain, account: signer } = ports
  const slot = slotIn(run, index, 'agreed')
  const terms = dealTermsFromJson(slot.terms)
  const providerSignature = fromHex(slot.providerSignature)
  const feeMax = await messageFeeMax(run, slot.agreementId, options)
  const { genesisHash } = status
  const deal = await publishDeal({ chain, signer, genesisHash, terms, providerSignature, feeMax }, options)
  await log.append({ type: 'slot:published', slot: index, dealId: deal.id })
  const { id: dealId, locked, publishedAt: epoch } = deal
  report({ type: 'published', slot: index, dealId, locked, epoch, epochMs: epochTimeMs(epoch, status) })
}

/** Fees may have risen since the price was agreed to: what they take of the rest is not there for other deals. */
async function messageFeeMax(run: UploadRun, agreementId: Hash, options: CallOptions): Promise<bigint | undefined> {
  const { maxPrice, feesPerDeal, dealFees, ports } = run
  if (maxPrice === undefined) return undefined
  const [fees, params] = await Promise.all([ports.chain.fees(options), ports.chain.params(options)])
  const others = offeredPrice(stateOf(run), run) - (dealFees.get(agreementId) ?? feesPerDeal)
  const allowed = dealFeesWithin(maxPrice - others, { feesPerDeal, fees, params })
  dealFees.set(agreementId, allowed)
  return allowed - dealFee(params)
}
