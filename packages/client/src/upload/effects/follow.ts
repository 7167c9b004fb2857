/** Follows a slot's deal until the chain has it as active. */
import { epochTimeMs } from '@granary/protocol/epochs'
import type { CallOptions } from '../../call-options.ts'
import { DealForgottenError, followUntil } from '../../deals/follow-until.ts'
import { endpointOf } from '../../providers/rank-providers.ts'
import { slotIn, type UploadRun } from '../upload-run.ts'

/** @throws DealEndedError, CHAIN_UNREACHABLE after a minute without the chain */
export async function follow(run: UploadRun, index: number, { signal }: CallOptions): Promise<void> {
  const { ports, log, report, status } = run
  const { chain, clock, fetch } = ports
  const { provider, dealId, agreementId } = slotIn(run, index, 'published')
  const endpoint = endpointOf(await chain.provider(provider, { signal })) ?? ''
  // What is asked about a provider that is away may be answered when nobody follows the deal any more.
  let isOver = false
  const tell: UploadRun['report'] = (progress) => {
    if (!isOver && !signal?.aborted) report(progress)
  }
  const input = { chain, clock, fetch, endpoint, dealId, agreementId }
  try {
    const deal = await followUntil(input, {
      signal,
      onProgress(progress) {
        if (progress.type === 'deal') return tell({ ...progress, slot: index })
        const { message } = progress
        import('../lost-provider.ts')
          .then(({ tellAway }) =>
            tellAway({ ...run, report: tell }, { slot: index, provider, dealId, message }, { signal }),
          )
          .catch(() => tell({ ...progress, slot: index }))
      },
    }).finally(() => {
      isOver = true
    })
    await log.append({ type: 'slot:active', slot: index })
    const { activatedAt: epoch = 0, sector: { number: sector } = { number: 0 } } = deal
    report({ type: 'active', slot: index, dealId, epoch, epochMs: epochTimeMs(epoch, status), sector })
  } catch (error) {
    if (!(error instanceof DealForgottenError)) throw error
    await (await import('../lost-provider.ts')).compareForgotten(run, index, error, { signal })
  }
}
