/**
 * Asks the chain to challenge what is faulty once more, so that it counts again: each sector that proves alone now, and
 * none other, for a recovery is answered in full and to miss it costs as much as to miss a proof.
 */
import type { PartitionView } from '@granary/protocol/client'
import { type LaneOptions, requestLane } from '../sectors/lanes.ts'
import { checkSector } from './keep-sectors.ts'
import { mayRecover, type ProvableSector, planRecovery } from './plan-recoveries.ts'
import type { ProvingContext } from './proving-context.ts'
import { sendEach } from './send-each.ts'

export async function requestRecoveries(
  context: ProvingContext,
  partitions: readonly PartitionView[],
  /** The height of the chain before it said so of the partitions. */
  undoneAt: number,
  signal: AbortSignal,
): Promise<void> {
  const { head } = context
  await sendEach(
    partitions.flatMap((view) => (mayRecover(view, head.height()) ? [view.number] : [])),
    (partition) => provenAlone(context, partition, signal),
    (partition, sectors) => request(context, partition, sectors, { signal, undoneAt }),
  )
}

async function provenAlone(context: ProvingContext, partition: number, signal: AbortSignal): Promise<number[]> {
  const { chain, head, providerId: provider } = context
  const taken = new Set(context.maintenance())
  const members = await Array.fromAsync(chain.members({ provider, partition }, 'faulty', { signal }))
  const faulty = members.filter(({ number }) => !taken.has(number))
  const asked = planRecovery(
    faulty.map(({ number }) => number),
    faulty.flatMap(({ number }) => provable(context, number)),
    head.height(),
  )
  const sectors: number[] = []
  for (const number of asked) if (await checkSector(context, number, signal)) sectors.push(number)
  return sectors
}

async function request(
  { lanes, log, providerId: provider }: ProvingContext,
  partition: number,
  sectors: readonly number[],
  options: LaneOptions,
): Promise<void> {
  if (sectors.length === 0) return
  await lanes.send(requestLane(partition), 'RequestRecovery', { provider, partition, sectors }, options)
  log({ type: 'recovery:requested', partition, sectors: sectors.length })
}

function provable({ store, health }: ProvingContext, number: number): ProvableSector[] {
  const phase = store.has(number) && !health.isDamaged(number) ? store.get(number).phase : undefined
  return phase?.state === 'proving' ? [{ number, expiry: phase.expiry }] : []
}
