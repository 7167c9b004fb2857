/**
 * Asks the chain to challenge what is faulty once more, so that it counts again: each sector that proves alone now, and
 * none other, for a recovery is answered in full and to miss it costs as much as to miss a proof.
 */
import type { PartitionView } from '@granary/protocol/client'
import { requestLane } from '../sectors/lanes.ts'
import { isIn } from '../sectors/sector.ts'
import { checkSector } from './keep-sectors.ts'
import { planRecoveries } from './plan-recoveries.ts'
import type { ProvingContext } from './proving-context.ts'

export async function requestRecoveries(
  context: ProvingContext,
  partitions: readonly PartitionView[],
  signal: AbortSignal,
): Promise<void> {
  const { store, lanes, head, health, log, providerId } = context
  if (partitions.every((view) => !view.faulty)) return
  const provable = store
    .inStates('proving')
    .filter((sector) => isIn(sector, 'proving'))
    .filter(({ number }) => !health.isDamaged(number))
    .map(({ number, phase: { expiry } }) => ({ number, expiry }))
  for (const { partition, sectors: asked } of planRecoveries(partitions, provable, head.height())) {
    const sectors: number[] = []
    for (const number of asked) if (await checkSector(context, number, signal)) sectors.push(number)
    if (sectors.length === 0) continue
    const body = { provider: providerId, partition, sectors }
    await lanes.send(requestLane(partition), 'RequestRecovery', body, { signal })
    log({ type: 'recovery:requested', partition, sectors: sectors.length })
  }
}
