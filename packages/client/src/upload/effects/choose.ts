/** Finds who takes a slot: the provider of an earlier run, which may have most of the bytes already, or the cheapest that fits. */
import { quoteFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import type { Slot } from '../../journal/upload-state.ts'
import {
  type ChosenProvider,
  chooseProvider,
  NoProviderError,
  type ProviderRefusal,
} from '../../providers/choose-provider.ts'
import { coversShare } from '../../providers/request-quote.ts'
import { slotOf, stateOf, type UploadRun } from '../upload-run.ts'
import { reportQuoted } from './quote.ts'

/** @throws NoProviderError with the reason of each provider */
export async function choose(run: UploadRun, index: number, options: CallOptions): Promise<void> {
  const slot = slotOf(run, index)
  const { log, met, report } = run
  const chosen = await find(run, index, options)
  const { view, endpoint } = chosen
  report({ type: 'provider:chosen', provider: view.id, name: view.name, endpoint })
  if (slot.state === 'vacant' || slot.provider !== view.id) {
    // The upload, quote and terms of the slot are those of another provider.
    await log.append({ type: 'slot:chosen', slot: index, provider: view.id })
  } else if (slot.state === 'quoted' || slot.state === 'uploaded') {
    if (await isLive(run, slot, options)) await reportQuoted(run, slot.quote, options)
    else await log.append({ type: 'slot:withdrawn', slot: index })
  }
  met.set(index, chosen)
}

async function find(run: UploadRun, index: number, options: CallOptions): Promise<ChosenProvider> {
  const { ports, provider: named, collateralShareBps, report } = run
  const { chain, fetch } = ports
  const slot = slotOf(run, index)
  const earlier = slot.state === 'vacant' ? undefined : slot.provider
  const refusedBy = new Map([...(run.refusals.get(index) ?? [])].map(([id, { message }]) => [id, message]))
  const { pieceSize } = slot.of
  const wanted = { pieceSize, duration: stateOf(run).duration, refusedBy, collateralShareBps }
  const told = new Set(refusedBy.keys())
  const onRefused = (refusal: ProviderRefusal): void => {
    // Each refusal is told once, not again at every choice that follows.
    if (!told.has(refusal.provider)) report({ type: 'provider:refused', ...refusal })
    told.add(refusal.provider)
  }
  const choice = { ...options, onRefused }
  try {
    return await chooseProvider({ chain, fetch, wanted: { ...wanted, provider: named ?? earlier } }, choice)
  } catch (error) {
    if (!(error instanceof NoProviderError) || earlier === undefined || named !== undefined) throw error
    return await chooseProvider({ chain, fetch, wanted }, choice)
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
