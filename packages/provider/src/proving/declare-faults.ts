/**
 * Says to the chain which sectors cannot be proven. It costs half a period of their income, a quarter of what skipping
 * them costs at the least; so only what an open challenge asks for already is left to its answer (ADR 33).
 */
import { fromHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { drawSamples } from '@granary/proofs/verify'
import type { ChallengeView, PartitionView } from '@granary/protocol/client'
import { requestLane } from '../sectors/lanes.ts'
import type { ProvingContext } from './proving-context.ts'

export async function declareFaults(context: ProvingContext, signal: AbortSignal): Promise<void> {
  const { chain, providerId, lanes, head, health, log } = context
  const lost = new Set(health.list().flatMap(({ number, isLost }) => (isLost ? [number] : [])))
  if (lost.size === 0) return
  for (const view of await chain.partitions(providerId, { signal })) {
    const sectors = planDeclaration(view, providerId, head.height()).filter((number) => lost.has(number))
    if (sectors.length === 0) continue
    const body = { provider: providerId, partition: view.number, sectors }
    await lanes.send(requestLane(view.number), 'DeclareFaults', body, { signal })
    log({ type: 'fault:declared', partition: view.number, sectors })
  }
}

/** The sectors of a partition that are sound by the chain and that no open challenge has a sample on. */
export function planDeclaration(view: PartitionView, provider: number, height: number): number[] {
  const { challenge } = view
  const isOpen = challenge !== undefined && !challenge.answered && challenge.deadline > height
  const asked = new Set(isOpen ? sampledSectors(view, challenge, provider) : [])
  const faulty = new Set(view.faultySectors)
  return view.sectors.map(({ number }) => number).filter((number) => !asked.has(number) && !faulty.has(number))
}

function sampledSectors(view: PartitionView, challenge: ChallengeView, provider: number): number[] {
  const { number: partition, profile } = view
  const { count, sectors } = challenge
  const randomness = fromHex(challenge.randomness)
  const drawn = { profile: profileNamed(profile), provider, partition, randomness, count }
  return drawSamples(drawn, sectors.length).map(({ position }) => sectors[position]!.number)
}
