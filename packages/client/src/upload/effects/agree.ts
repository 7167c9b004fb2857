/** Has the provider sign the terms. The same terms get the same signature, so that asking again costs nothing. */
import { type ErrorCode, GranaryError, toHex } from '@granary/base'
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import { agreeDeal } from '../../providers/agree-deal.ts'
import { retrying } from '../../providers/retrying.ts'
import { uploadIdOf } from '../../providers/upload-piece.ts'
import { slotIn, type UploadRun } from '../upload-run.ts'
import { marginEpochs } from './offer.ts'
import { tokenFor } from './token-for.ts'

/** Other terms may be signed: the quote of an earlier run, its terms or its upload have run out. */
const OUTDATED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NONCE_CONFLICT',
  'TERMS_EXPIRED',
  'TERMS_NOT_QUOTED',
  'UPLOAD_INCOMPLETE',
  'UPLOAD_NOT_FOUND',
])

/** @throws TermsMismatchError, ProviderSignatureError, and what the provider refuses */
export async function agree(run: UploadRun, index: number, options: CallOptions): Promise<void> {
  const { ports, log, met, status, report } = run
  const { provider, uploadUrl, terms: json, agreementId } = slotIn(run, index, 'offered')
  const terms = dealTermsFromJson(json)
  const { height } = await ports.chain.status(options)
  if (terms.validUntil - height < marginEpochs(run)) {
    await log.append({ type: 'slot:withdrawn', slot: index })
    return
  }
  const { view, endpoint } = met.get(index)!
  const token = tokenFor(run, index, options)
  const asked = { provider: view, endpoint, genesisHash: status.genesisHash, uploadId: uploadIdOf(uploadUrl), terms }
  try {
    const signed = await retrying(
      async () => agreeDeal({ ...asked, token: await token(), fetch: ports.fetch }, options),
      options,
    )
    await log.append({ type: 'slot:agreed', slot: index, providerSignature: toHex(signed.providerSignature) })
  } catch (error) {
    if (!GranaryError.is(error) || !OUTDATED.has(error.code) || run.withdrawn.has(index)) throw error
    run.withdrawn.add(index)
    await log.append({ type: 'slot:withdrawn', slot: index })
    return
  }
  report({ type: 'agreed', slot: index, agreementId, provider })
}
