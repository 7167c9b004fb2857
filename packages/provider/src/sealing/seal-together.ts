/**
 * Gathers sectors that wait to be sealed: up to four of one profile go in lockstep through one core, which one alone leaves
 * waiting for memory. Where more is free than waits, each has a core of its own.
 */
import { type JobQueue, resultOf } from '../queue/job-queue.ts'
import type { ProviderJobs, SealInput, SealResult } from './jobs.ts'

type Progress = ProviderJobs['seal']['progress']['progress']

export interface SealOptions {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  /** Asked when its turn has come, which may be days later: what it throws is the answer then. */
  readonly requireWanted?: () => void
}

export interface Sealer {
  /** @param id of what is done with the sector; as the queue has it */
  seal(id: string, input: SealInput, options: SealOptions): Promise<SealResult>
}

interface Waiting {
  readonly id: string
  readonly input: SealInput
  readonly signal: AbortSignal
  readonly onProgress: SealOptions['onProgress']
  readonly requireWanted: SealOptions['requireWanted']
  readonly done: PromiseWithResolvers<SealResult>
}

interface Batch {
  readonly members: Waiting[]
  /** Not wanted any more; told so once nobody writes into their folders. */
  readonly left: Waiting[]
  readonly stop: AbortController
}

/** As many as the registers of a core have room for (proofs' SECTORS_TOGETHER_MAX). */
const TOGETHER_MAX = 4
/** Those that are asked for in the same moment go together; and so often it is looked whether a worker has come. */
const GATHER_MS = 50
const LOOK_MS = 5_000

export function createSealer(queue: Pick<JobQueue<ProviderJobs>, 'run' | 'slots'>): Sealer {
  const waiting: Waiting[] = []
  const running = new Set<Batch>()
  let timer: NodeJS.Timeout | undefined

  function arm(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(next, ms)
  }

  function next(): void {
    dropUnwanted()
    for (let free = freeSlots(); free > 0 && waiting.length > 0; free = freeSlots()) {
      const alike = waiting.filter(({ input }) => input.profile === waiting[0]?.input.profile)
      const members = alike.slice(0, Math.min(TOGETHER_MAX, Math.ceil(alike.length / free)))
      for (const member of members) waiting.splice(waiting.indexOf(member), 1)
      void run({ members, left: [], stop: new AbortController() })
    }
    if (waiting.length > 0) arm(LOOK_MS)
  }

  function dropUnwanted(): void {
    for (const member of [...waiting])
      try {
        member.requireWanted?.()
      } catch (error) {
        waiting.splice(waiting.indexOf(member), 1)
        member.done.reject(error)
      }
  }

  function freeSlots(): number {
    return Math.max(1, queue.slots()) - running.size
  }

  async function run(batch: Batch): Promise<void> {
    running.add(batch)
    const asked = [...batch.members]
    try {
      const { sectors } = await queue.run(
        {
          kind: 'seal',
          id: asked.map(({ id }) => id).join('-'),
          input: { sectors: asked.map(({ input }) => input) },
        },
        {
          signal: batch.stop.signal,
          onProgress: ({ position, progress }) => asked[position]?.onProgress?.(progress),
        },
      )
      for (const [position, { done }] of asked.entries()) {
        const outcome = sectors[position]
        if (outcome !== undefined)
          await Promise.try(() => resultOf(outcome) as SealResult).then(done.resolve, done.reject)
      }
      // The machine had no memory for these; another one, or the same a moment later, may have.
      waiting.unshift(...asked.slice(sectors.length).filter((each) => batch.members.includes(each)))
    } catch (error) {
      // One of them is not wanted any more: the others go on from where they are.
      if (batch.stop.signal.aborted) waiting.unshift(...batch.members)
      else for (const { done } of batch.members) done.reject(error)
    } finally {
      running.delete(batch)
      for (const { done, signal } of batch.left) done.reject(signal.reason)
      if (waiting.length > 0) arm(0)
    }
  }

  function leave(member: Waiting): void {
    if (waiting.includes(member)) {
      waiting.splice(waiting.indexOf(member), 1)
      member.done.reject(member.signal.reason)
    }
    for (const batch of running) {
      if (!batch.members.includes(member)) continue
      batch.left.push(...batch.members.splice(batch.members.indexOf(member), 1))
      batch.stop.abort(new DOMException('a sector of them is not wanted any more', 'AbortError'))
    }
  }

  return {
    seal: async (id, input, { signal, onProgress, requireWanted }) => {
      signal.throwIfAborted()
      const member: Waiting = { id, input, signal, onProgress, requireWanted, done: Promise.withResolvers() }
      const onAbort = (): void => leave(member)
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.push(member)
      arm(GATHER_MS)
      return await member.done.promise.finally(() => signal.removeEventListener('abort', onAbort))
    },
  }
}
