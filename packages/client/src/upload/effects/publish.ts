/**
 * Publishes the deal of an agreed slot, which locks its price. The chain takes the same terms once, and it is asked whether
 * it has them before anything is sent, so that a retry pays nothing twice.
 */
import { fromHex } from '@granary/base'
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import { publishDeal } from '../../deals/publish-deal.ts'
import { slotIn, type UploadRun } from '../upload-run.ts'

/** @throws the chain's verdict */
export async function publish(run: UploadRun, index: number, options: CallOptions): Promise<void> {
  const { ports, log, status, report } = run
  const { chain, account: signer } = ports
  const slot = slotIn(run, index, 'agreed')
  const terms = dealTermsFromJson(slot.terms)
  const providerSignature = fromHex(slot.providerSignature)
  const deal = await publishDeal({ chain, signer, genesisHash: status.genesisHash, terms, providerSignature }, options)
  await log.append({ type: 'slot:published', slot: index, dealId: deal.id })
  report({ type: 'published', slot: index, dealId: deal.id, locked: deal.locked, epoch: deal.publishedAt })
}
