/**
 * The port through which the provider hands the heavy work of sealing to worker threads; proofs of spacetime do not pass
 * here. The queue is only the executor: it may be lost at any moment, and whoever wants a job done asks again. So every
 * job is idempotent, and no fact lives here alone.
 */
import { GranaryError, relayedCode } from '@granary/base'
import type { JobOutcome } from '../wire-error.ts'

/** The jobs of a processor file, by kind. All three are JSON values. */
export type JobMap = Record<string, { input: unknown; progress: unknown; result: unknown }>

export interface JobRequest<Jobs extends JobMap, Kind extends keyof Jobs & string> {
  readonly kind: Kind
  /** Letters, digits, '.', '_' and '-'. A second request with the id of an unfinished job waits for that job. */
  readonly id: string
  readonly input: Jobs[Kind]['input']
  /** It waits for no job that is not: it has a thread of its own. @default false */
  readonly urgent?: boolean
}

export interface JobOptions<Progress> {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface JobQueue<Jobs extends JobMap> {
  readonly backend: 'local' | 'redis'
  /** How many jobs are done at a time, on all machines together, beside urgent ones. */
  slots(): number
  /** @throws JobFailedError with the code that the job itself threw, or JOB_CRASHED when its thread died */
  run<Kind extends keyof Jobs & string>(
    request: JobRequest<Jobs, Kind>,
    options?: JobOptions<Jobs[Kind]['progress']>,
  ): Promise<Jobs[Kind]['result']>
  /** Cancels what runs, waits for the threads to end. Callers of `run` see an AbortError. */
  stop(): Promise<void>
}

/** Of the threads that this process does jobs in. */
export interface QueueWorkerOptions {
  /** The file whose default export does the jobs. */
  readonly processor: URL
  /** What its threads know of this machine: `machine` of their workerData. */
  readonly machine: unknown
  /** Jobs at a time, beside one that is urgent. */
  readonly parallel: number
  /** So long a cancelled job may go on before its thread is left to itself. @default 10000 */
  readonly cancelMs?: number | undefined
}

export class JobFailedError extends GranaryError {}

export class JobIdInvalidError extends GranaryError {
  constructor(id: string) {
    super({
      code: 'JOB_ID_INVALID',
      message: `"${id}" cannot be a job id`,
      hint: `Use letters, digits, '.', '_' and '-', at most 128 of them.`,
    })
  }
}

/** Progress carries a number, since two equal reports in a row are one for some backends. */
export interface JobProgressReport {
  readonly sequence: number
  readonly progress: unknown
}

const JOB_ID = /^[A-Za-z0-9._-]{1,128}$/

/** @throws JobIdInvalidError */
export function requireJobId(id: string): void {
  if (!JOB_ID.test(id)) throw new JobIdInvalidError(id)
}

/** What who waits for a job sees when the queue stops. */
export function stoppedError(): DOMException {
  return new DOMException('the queue is stopping', 'AbortError')
}

/** @throws JobFailedError with what the job threw */
export function resultOf(outcome: JobOutcome): unknown {
  if (outcome.ok) return outcome.result
  throw new JobFailedError({ ...outcome.error, code: relayedCode(outcome.error.code) })
}

export function crashed(kind: string | undefined, reason: string): JobOutcome {
  const error = new GranaryError({
    code: 'JOB_CRASHED',
    message: `the worker thread of a ${kind ?? 'job'} ended without an answer: ${reason}`,
    hint: 'It is tried again. If it happens each time, look for a lack of memory or disk space.',
  })
  return { ok: false, error: error.toJSON() }
}

/** A job that does not hear its signal is left to the end of the process. */
export async function endedInTime(work: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, STOP_TIMEOUT_MS)
  await Promise.race([work, late])
  clearTimeout(timer)
}

const STOP_TIMEOUT_MS = 20_000

/** A thread that runs a TypeScript source resolves the packages' sources; a built one must not look for them. */
export function threadArguments(processor: URL): string[] {
  return processor.pathname.endsWith('.ts')
    ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']
    : []
}
