/**
 * The port through which the provider hands the heavy work of sealing to worker threads; proofs of spacetime do not pass
 * here. The queue is only the executor: it may be lost at any moment, and whoever wants a job done asks again. So every
 * job is idempotent, and no fact lives here alone.
 */
import { GranaryError } from '@granary/base'

/** The jobs of a processor file, by kind. All three are JSON values. */
export type JobMap = Record<string, { input: unknown; progress: unknown; result: unknown }>

export interface JobRequest<Jobs extends JobMap, Kind extends keyof Jobs & string> {
  readonly kind: Kind
  /** Letters, digits, '.', '_' and '-'. A second request with the id of an unfinished job waits for that job. */
  readonly id: string
  readonly input: Jobs[Kind]['input']
  /** Urgent jobs go first. @default false */
  readonly urgent?: boolean
}

export interface JobOptions<Progress> {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface JobQueue<Jobs extends JobMap> {
  readonly backend: 'pglite' | 'redis'
  /** @throws JobFailedError with the code that the job itself threw, or JOB_CRASHED when its thread died; QueueLostError */
  run<Kind extends keyof Jobs & string>(
    request: JobRequest<Jobs, Kind>,
    options?: JobOptions<Jobs[Kind]['progress']>,
  ): Promise<Jobs[Kind]['result']>
  /** Cancels what runs, waits for the threads to end, closes the store. Callers of `run` see an AbortError. */
  stop(): Promise<void>
}

export class JobFailedError extends GranaryError {}

/** The queue's own store is gone or broken: what it held is to be asked of a new queue. */
export class QueueLostError extends GranaryError {
  constructor(folder: string, cause: unknown) {
    super({
      code: 'QUEUE_LOST',
      message: `the store of the queue in ${folder} is lost: ${Error.isError(cause) ? cause.message : String(cause)}`,
      hint: 'It is made anew. If that happens again, see who deletes files there, and look at the disk.',
      details: { folder },
      cause,
    })
  }
}

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
