/**
 * Says to the chain which sectors cannot be proven. It costs half a period of their income, a quarter of what skipping
 * them costs at the least; so only what an open challenge asks for already is left to its answer (ADR 33).
 */
import { fromHex, GranaryError } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { drawSamples } from '@granary/proofs/verify'
import type { ChainClient, ChallengeView, PartitionPlace } from '@granary/protocol/client'
import { requestLane } from '../sectors/lanes.ts'
import type { ProvingContext } from './proving-context.ts'
import { sendEach } from './send-each.ts'

export async function declareFaults(context: ProvingContext, signal: AbortSignal): Promise<void> {
  await sendEach(
    toDeclare(context),
    (each) => declarable(context, each, signal),
    async ([partition], { sectors, undoneAt }) => {
      if (sectors.length === 0) return
      const { lanes, log, providerId: provider } = context
      const options = { signal, undoneAt }
      await lanes.send(requestLane(partition), 'DeclareFaults', { provider, partition, sectors }, options)
      log({ type: 'fault:declared', partition, sectors })
    },
  )
}

async function declarable(
  { chain, providerId: provider, head }: ProvingContext,
  [partition, lost]: readonly [partition: number, lost: readonly number[]],
  signal: AbortSignal,
): Promise<{ readonly sectors: readonly number[]; readonly undoneAt: number }> {
  const place = { provider, partition }
  const undoneAt = head.height()
  const faulty = await numbersOf(chain, place, signal)
  if (lost.every((number) => faulty.includes(number))) return { sectors: [], undoneAt }
  const challenge = await openChallenge(chain, place, signal)
  return { sectors: planDeclaration(lost, { faulty, challenge }, head.height()), undoneAt }
}

export interface DeclarationInput {
  /** By the chain already. */
  readonly faulty: readonly number[]
  readonly challenge: ChallengeView | undefined
}

/** Those of the lost sectors that are sound by the chain and that no open challenge has a sample on. */
export function planDeclaration(
  lost: readonly number[],
  { faulty, challenge }: DeclarationInput,
  height: number,
): number[] {
  const isOpen = challenge !== undefined && challenge.deadline > height
  const asked = new Set([...faulty, ...(isOpen ? sampledSectors(challenge) : [])])
  return lost.filter((number) => !asked.has(number))
}

/** What is lost, and what its owner has taken out, by partitions. */
function toDeclare({ health, store, maintenance }: ProvingContext): Map<number, number[]> {
  const lost = health.list().flatMap(({ number, isLost, proves }) => (isLost && !proves ? [number] : []))
  const declared = new Map<number, number[]>()
  for (const number of new Set([...lost, ...maintenance()])) {
    const phase = store.has(number) ? store.get(number).phase : undefined
    if (phase?.state === 'proving') declared.set(phase.partition, [...(declared.get(phase.partition) ?? []), number])
  }
  return declared
}

async function numbersOf(chain: ChainClient, place: PartitionPlace, signal: AbortSignal): Promise<number[]> {
  const faulty = await Array.fromAsync(chain.members(place, 'faulty', { signal }))
  return faulty.map(({ number }) => number)
}

async function openChallenge(
  chain: ChainClient,
  place: PartitionPlace,
  signal: AbortSignal,
): Promise<ChallengeView | undefined> {
  try {
    return await chain.challenge(place, 'post', { signal })
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'CHALLENGE_NOT_OPEN') return undefined
    throw error
  }
}

function sampledSectors({ provider, partition, profile, count, sectors, ...challenge }: ChallengeView): number[] {
  const randomness = fromHex(challenge.randomness)
  const drawn = { profile: profileNamed(profile), provider, partition, randomness, count }
  return drawSamples(drawn, sectors.length).map(({ position }) => sectors[position]!.number)
}
