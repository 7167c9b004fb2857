/**
 * Asks the chain to challenge what is faulty once more, so that it counts again: each sector that proves alone now, and
 * none other, for a recovery is answered in full and to miss it costs as much as to miss a proof.
 */
import type { PartitionView } from '@granary/protocol/client'
import { requestLane } from '../sectors/lanes.ts'
import { checkSector } from './keep-sectors.ts'
import { mayRecover, type ProvableSector, planRecovery } from './plan-recoveries.ts'
import type { ProvingContext } from './proving-context.ts'

export async function requestRecoveries(
  context: ProvingContext,
  partitions: readonly PartitionView[],
  /** The height of the chain before it said so of the partitions. */
  undoneAt: number,
  signal: AbortSignal,
): Promise<void> {
  const { chain, lanes, head, log, providerId: provider } = context
  for (const view of partitions.filter((each) => mayRecover(each, head.height()))) {
    const { number: partition } = view
    const faulty = await Array.fromAsync(chain.members({ provider, partition }, 'faulty', { signal }))
    const asked = planRecovery(
      faulty.map(({ number }) => number),
      faulty.flatMap(({ number }) => provable(context, number)),
      head.height(),
    )
    const sectors: number[] = []
    for (const number of asked) if (await checkSector(context, number, signal)) sectors.push(number)
    if (sectors.length === 0) continue
    await lanes.send(requestLane(partition), 'RequestRecovery', { provider, partition, sectors }, { signal, undoneAt })
    log({ type: 'recovery:requested', partition, sectors: sectors.length })
  }
}

function provable({ store, health }: ProvingContext, number: number): ProvableSector[] {
  const phase = store.has(number) && !health.isDamaged(number) ? store.get(number).phase : undefined
  return phase?.state === 'proving' ? [{ number, expiry: phase.expiry }] : []
}
