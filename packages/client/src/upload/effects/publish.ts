/**
 * Publishes the deals of agreed slots in one message, which locks their prices. The chain takes the same terms once, and it is
 * asked whether it has them before anything is sent, so that a retry pays nothing twice.
 */
import { fromHex } from '@granary/base'
import { epochTimeMs } from '@granary/protocol/epochs'
import { dealFee, dealTermsFromJson, type Hash } from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import { publishDeals } from '../../deals/publish-deal.ts'
import { dealFeesWithin, offeredPrice } from '../run-price.ts'
import { slotIn, stateOf, type UploadRun } from '../upload-run.ts'

/** @throws FeeAboveMaxError, and the chain's verdict, which is about all that it does not have then */
export async function publish(run: UploadRun, indices: readonly number[], options: CallOptions): Promise<void> {
  const { ports, log, status, report } = run
  const { chain, account: signer } = ports
  const slots = indices.map((index) => slotIn(run, index, 'agreed'))
  const deals = slots.map(({ terms, providerSignature }) => ({
    terms: dealTermsFromJson(terms),
    providerSignature: fromHex(providerSignature),
  }))
  const agreements = slots.map(({ agreementId }) => agreementId)
  const feeMax = await messageFeeMax(run, agreements, options)
  const { genesisHash } = status
  const published = await publishDeals({ chain, signer, genesisHash, deals, feeMax }, options)
  if (published.burnt !== undefined) await log.append({ type: 'fee:burnt', lost: published.burnt })
  for (const [place, deal] of published.deals.entries()) {
    if (deal === undefined) continue
    const slot = indices[place]!
    await log.append({ type: 'slot:published', slot, dealId: deal.id })
    const { id: dealId, locked, publishedAt: epoch } = deal
    report({ type: 'published', slot, dealId, locked, epoch, epochMs: epochTimeMs(epoch, status) })
  }
  if (published.failure !== undefined) throw published.failure
}

/** Fees may have risen since the price was agreed to: what they take of the rest is not there for other deals. */
async function messageFeeMax(
  run: UploadRun,
  agreements: readonly Hash[],
  options: CallOptions,
): Promise<bigint | undefined> {
  const { maxPrice, feesPerDeal, dealFees, ports } = run
  if (maxPrice === undefined) return undefined
  const [fees, params] = await Promise.all([ports.chain.fees(options), ports.chain.params(options)])
  const count = BigInt(agreements.length)
  const own = agreements.reduce((sum, id) => sum + (dealFees.get(id) ?? feesPerDeal), 0n)
  const left = maxPrice - offeredPrice(stateOf(run), run) + own
  const each = dealFeesWithin(left / count, { feesPerDeal, fees, params })
  for (const id of agreements) dealFees.set(id, each)
  return (each - dealFee(params)) * count
}
