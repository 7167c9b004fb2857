/** Makes replicas, of several sectors in lockstep. Called again after a kill, each goes on at its last finished layer. */
import { fromHex, toHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { MemoryError, sealNeeds, sealSectors } from '@granary/proofs/seal'
import type { JobContext } from '../queue/serve-jobs.ts'
import { type JobOutcome, toWireError } from '../wire-error.ts'
import type { SealInput, SealResult, SealTogetherInput, SealTogetherProgress, SealTogetherResult } from './jobs.ts'
import type { Machine } from './machine.ts'

type Context = JobContext<SealTogetherProgress>

interface Placed {
  readonly input: SealInput
  readonly position: number
}

/**
 * As many of the first ones as the memory takes; whoever asked asks again for the rest, so that none of them is told of its end
 * hours later, when the others are sealed too.
 * @throws MemoryError MEMORY_TOO_SMALL where there is not even room for one
 */
export async function sealJob(
  { sectors }: SealTogetherInput,
  context: Context,
  machine: Machine,
): Promise<SealTogetherResult> {
  const [first] = sectors
  if (first === undefined) return { sectors: [] }
  const together = togetherOn(machine, first)
  const group = sectors.slice(0, together).map((input, position) => ({ input, position }))
  return { sectors: await sealGroup(group, context) }
}

/**
 * What each step may take of the memory, looked at before it begins. Others that begin in the same moment see the same free
 * memory: none of them counts on more than its share of it for sectors beside the first.
 */
function togetherOn({ together, memoryBytes, parallel }: Machine, { profile: name }: SealInput): number {
  const profile = profileNamed(name)
  const shared = memoryBytes ?? process.availableMemory()
  const share = shared / Math.max(1, parallel)
  let count = together
  while (count > 1 && sealNeeds(profile, count).memoryBytes > share) count -= 1
  const available = memoryBytes === undefined ? shared : share
  const needed = sealNeeds(profile, count).memoryBytes
  if (needed > available) throw new MemoryError(needed, Math.floor(available))
  return count
}

async function sealGroup(group: readonly Placed[], context: Context): Promise<JobOutcome<SealResult>[]> {
  const { signal } = context
  const startedMs = performance.now()
  /** Whether it began with its first label. */
  const isWhole = new Map<number, boolean>()
  try {
    const sealed = await sealSectors(
      group.map(({ input }) => sealInputOf(input)),
      {
        signal,
        // Thousands of reports for a large profile, of a table that is made once: not worth a write to the queue each.
        onProgress: (progress, index) => {
          const { position } = group[index]!
          if (progress.type === 'seal:labels' && !isWhole.has(position))
            isWhole.set(position, progress.layer === 1 && progress.done === 0)
          if (progress.type !== 'seal:parents') context.onProgress({ position, progress })
        },
      },
    )
    const sealMs = Math.round(performance.now() - startedMs)
    return sealed.map(({ commD, commR }, index) => {
      const whole = isWhole.get(group[index]!.position) ?? false
      return { ok: true, result: { commD: toHex(commD), commR: toHex(commR), sealMs, isWhole: whole } }
    })
  } catch (error) {
    signal.throwIfAborted()
    if (group.length === 1) return [{ ok: false, error: toWireError(error) }]
    // Whose failure it is each says alone; those that are sealed say so at once.
    const outcomes: JobOutcome<SealResult>[] = []
    for (const one of group) outcomes.push(...(await sealGroup([one], context)))
    return outcomes
  }
}

function sealInputOf({ profile, provider, sector, ticket, pieces, dir, parentsDir }: SealInput) {
  return {
    ...{ profile: profileNamed(profile), provider, sectorNumber: sector, ticket: fromHex(ticket) },
    ...{ pieces: [...pieces], dir, parentsDir },
  }
}
