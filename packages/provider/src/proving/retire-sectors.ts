/**
 * The end of sectors: once the chain says that one is over and each of its deals is settled, and not before, its files go.
 */
import type { PartitionView } from '@granary/chain/client'
import { removeSectorFolder } from '../home/sector-folders.ts'
import { sectorOnChain } from '../sealing/seal-context.ts'
import { dealIdsOf, isIn } from '../sectors/sector.ts'
import type { ProvingContext } from './proving-context.ts'
import { isSettled, settleDeals } from './settle-deals.ts'

export async function retireSectors(
  context: ProvingContext,
  partitions: readonly PartitionView[],
  signal: AbortSignal,
): Promise<void> {
  const { store, head, log } = context
  const listed = new Set(
    partitions.flatMap((view) => [...view.sectors.map(({ number }) => number), ...view.faultySectors]),
  )
  for (const sector of store.inStates('proving')) {
    if (!isIn(sector, 'proving') || !sector.phase.finalized) continue
    // One that was terminated stands in no partition any more, long before its time is over.
    if (listed.has(sector.number) && head.height() < sector.phase.expiry) continue
    const state = (await sectorOnChain(context, sector.number, signal))?.state
    if (state !== 'expired' && state !== 'terminated') continue
    store.move(sector.number, 'proving', { state, cleaned: false })
    log({ type: 'sector:moved', sector: sector.number, state })
  }
  for (const sector of store.inStates('expired', 'terminated')) {
    if (!isIn(sector, 'expired', 'terminated') || sector.phase.cleaned) continue
    const views = await settleDeals(context, dealIdsOf(sector), signal)
    if (!views.every(isSettled)) continue
    await removeSectorFolder(context, sector.number)
    store.move(sector.number, sector.phase.state, { state: sector.phase.state, cleaned: true })
    log({ type: 'sector:cleaned', sector: sector.number })
  }
}
