/** Asks the chain to challenge what is faulty once more, so that it counts again. */
import { existsSync } from 'node:fs'
import type { PartitionView } from '@granary/chain/client'
import { sectorDir } from '../sealing/seal-context.ts'
import { postLane } from '../sectors/lanes.ts'
import { isIn } from '../sectors/sector.ts'
import { planRecoveries } from './plan-recoveries.ts'
import type { ProvingContext } from './proving-context.ts'

export async function requestRecoveries(
  context: ProvingContext,
  partitions: readonly PartitionView[],
  signal: AbortSignal,
): Promise<void> {
  const { store, lanes, head, log, providerId } = context
  if (partitions.every((view) => !view.faulty)) return
  const provable = store
    .inStates('proving')
    .filter((sector) => isIn(sector, 'proving'))
    .filter((sector) => existsSync(sectorDir(context, sector.number)))
    .map(({ number, phase: { expiry } }) => ({ number, expiry }))
  for (const { partition, sectors } of planRecoveries(partitions, provable, head.height())) {
    const body = { provider: providerId, partition, sectors }
    await lanes.send(postLane(partition), 'RequestRecovery', body, { signal })
    log({ type: 'recovery:requested', partition, sectors: sectors.length })
  }
}
