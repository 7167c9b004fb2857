/**
 * Finds who takes a slot: the provider of an earlier run, which may have most of the bytes already, or the best that is not
 * another copy's.
 */
import { quoteFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import type { Slot } from '../../journal/upload-state.ts'
import { planUpload } from '../../plan/plan-upload.ts'
import { NoProviderError } from '../../providers/rank-providers.ts'
import { coversShare } from '../../providers/request-quote.ts'
import type { Candidate, Survey } from '../../providers/survey-providers.ts'
import { slotOf, stateOf, type UploadRun } from '../upload-run.ts'
import { reportQuoted } from './quote.ts'

/** @throws NoProviderError with the reason of each provider */
export async function choose(run: UploadRun, index: number, options: CallOptions): Promise<void> {
  const slot = slotOf(run, index)
  const { log, met, report } = run
  const chosen = find(run, index, await run.survey(options))
  const { view, endpoint } = chosen
  report({ type: 'provider:chosen', slot: index, provider: view.id, name: view.name, endpoint })
  if (slot.state === 'vacant' || slot.provider !== view.id) {
    // The upload, quote and terms of the slot are those of another provider.
    await log.append({ type: 'slot:chosen', slot: index, provider: view.id })
  } else if (slot.state === 'quoted' || slot.state === 'uploaded') {
    if (await isLive(run, slot, options)) await reportQuoted(run, index, slot.quote, options)
    else await log.append({ type: 'slot:withdrawn', slot: index })
  }
  met.set(index, chosen)
}

function find(run: UploadRun, index: number, survey: Survey): Candidate {
  const { provider: named, collateralShareBps, order, skipped } = run
  const { pieces, slots, duration } = stateOf(run)
  const slot = slotOf(run, index)
  const earlier = slot.state === 'vacant' ? undefined : slot.provider
  const refusedBy = new Map([...(run.refusals.get(index) ?? [])].map(([id, { message }]) => [id, message]))
  const planFor = (provider: number | undefined): Candidate => {
    const [planned] = planUpload({
      ...{ pieces, open: [index], duration, collateralShareBps, renewUntil: order.until, provider },
      ...survey,
      slots: slots.map((other, place) => ({
        piece: other.piece,
        copy: other.copy,
        provider: other.state === 'vacant' || skipped.has(place) ? undefined : other.provider,
      })),
      refusedBy: new Map([[index, refusedBy]]),
    })
    return survey.candidates.find(({ view }) => view.id === planned!.provider)!
  }
  try {
    return planFor(named ?? earlier)
  } catch (error) {
    if (!(error instanceof NoProviderError) || earlier === undefined || named !== undefined) throw error
    return planFor(undefined)
  }
}

async function isLive(
  { ports, collateralShareBps }: UploadRun,
  slot: Extract<Slot, { readonly state: 'quoted' | 'uploaded' }>,
  options: CallOptions,
): Promise<boolean> {
  const quote = quoteFromJson(slot.quote)
  const { height } = await ports.chain.status(options)
  return quote.validUntil > height && coversShare(quote, collateralShareBps)
}
