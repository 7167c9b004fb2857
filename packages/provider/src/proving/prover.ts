/**
 * The worker threads that prove. They stand apart from the queue of sealing: an answer to a challenge needs the sectors'
 * folders and the chain, and neither a queue, nor a store, nor room on a disk.
 */
import { GranaryError, relayedCode } from '@granary/base'
import { Tinypool } from 'tinypool'
import type { JobOutcome } from '../wire-error.ts'
import type { PieceToCheck } from './check-pieces.ts'
import type { RehearsalResult, SpacetimeInput, SpacetimeResult } from './post-job.ts'
import type { SelfCheckInput, SelfCheckResult } from './self-check.ts'

/** All of them throw ProverError. */
export interface Prover {
  /** Answers a challenge; an answer that is given has passed the chain's own verifier. */
  answer(input: SpacetimeInput, signal: AbortSignal): Promise<SpacetimeResult>
  /** Proves sectors together on a challenge that was made up, where it stands before no answer. */
  rehearse(input: SpacetimeInput, signal: AbortSignal): Promise<RehearsalResult>
  /** Proves a sector alone. */
  check(input: SelfCheckInput, signal: AbortSignal): Promise<SelfCheckResult>
  /** Makes treeR again from the replica, when all of that is as it was sealed. */
  repairTree(input: SelfCheckInput, signal: AbortSignal): Promise<null>
  checkPieces(pieces: readonly PieceToCheck[], signal: AbortSignal): Promise<null>
  /** Ends the threads, whatever they do. */
  stop(): Promise<void>
}

/** With the code of what went wrong in the thread, or PROVER_THREAD_LOST when the thread itself ended. */
export class ProverError extends GranaryError {}

/** Two challenges at once are proven side by side; a sector whose disk does not answer holds up one of the threads. */
const ANSWER_THREADS = 2

/** A thread is 25 MB, of a provider that rests in 200: beside the first one they end after this. */
const IDLE_MS = 30_000

/** A proof is large arrays, which lie elsewhere; by default a thread that has started leaves 16 MB and more of garbage lying about. */
const YOUNG_MAX_MB = 2

export function createProver(): Prover {
  const source = import.meta.url.endsWith('.ts')
  const thread = {
    filename: new URL(`./prover-thread.${source ? 'ts' : 'js'}`, import.meta.url).href,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MAX_MB },
    execArgv: source ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning'] : [],
  }
  // One is started now: when a disk fails is no time to read programs from it. The other comes with a second challenge.
  const answers = new Tinypool({ ...thread, minThreads: 1, maxThreads: ANSWER_THREADS, idleTimeout: IDLE_MS })
  // What reads whole replicas never stands before an answer.
  const upkeep = new Tinypool({ ...thread, minThreads: 0, maxThreads: 1, idleTimeout: IDLE_MS })

  return {
    answer: (input, signal) => settle(answers.run(input, { name: 'answer', signal }), signal),
    rehearse: (input, signal) => settle(upkeep.run(input, { name: 'rehearse', signal }), signal),
    check: (input, signal) => settle(upkeep.run(input, { name: 'check', signal }), signal),
    repairTree: (input, signal) => settle(upkeep.run(input, { name: 'repairTree', signal }), signal),
    checkPieces: (pieces, signal) => settle(upkeep.run(pieces, { name: 'pieces', signal }), signal),
    stop: async () => {
      await Promise.all([answers.destroy(), upkeep.destroy()])
    },
  }
}

async function settle<Result>(work: Promise<JobOutcome<Result>>, signal: AbortSignal): Promise<Result> {
  const outcome = await work.catch((error: unknown) => {
    signal.throwIfAborted()
    throw new ProverError({
      code: 'PROVER_THREAD_LOST',
      message: `a proving thread ended without an answer: ${Error.isError(error) ? error.message : String(error)}`,
      hint: 'It is started and asked again. If it happens each time, look for a lack of memory.',
    })
  })
  if (!outcome.ok) throw new ProverError({ ...outcome.error, code: relayedCode(outcome.error.code) })
  return outcome.result
}
