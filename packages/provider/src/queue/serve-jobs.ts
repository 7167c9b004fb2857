/**
 * The inside of a worker thread: turns a table of job functions into what its thread calls. A job's error travels as
 * its result, since a queue's own failure path keeps nothing but the message.
 */
import { GranaryError, type WireError } from '@granary/base'
import { type JobOutcome, toWireError } from '../wire-error.ts'
import type { JobMap, JobProgressReport } from './job-queue.ts'

export interface JobContext<Progress> {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

export type JobHandlers<Jobs extends JobMap> = {
  readonly [Kind in keyof Jobs]: (
    input: Jobs[Kind]['input'],
    context: JobContext<Jobs[Kind]['progress']>,
  ) => Promise<Jobs[Kind]['result']>
}

/** What a job is to its thread. */
interface SandboxJob {
  readonly name: string
  readonly data: unknown
  updateProgress(progress: object): Promise<void>
}

export type Processor = (job: SandboxJob, token: string, signal: AbortSignal) => Promise<JobOutcome>

export function serveJobs<Jobs extends JobMap>(handlers: JobHandlers<Jobs>): Processor {
  return async (job, _token, signal) => {
    if (!Object.hasOwn(handlers, job.name)) return { ok: false, error: unknownKind(job.name) }
    const handler = handlers[job.name as keyof Jobs]!
    let sequence = 0
    let reported: Promise<void> = Promise.resolve()
    const onProgress = (progress: unknown): void => {
      sequence += 1
      const report: JobProgressReport = { sequence, progress }
      reported = reported.then(() => job.updateProgress(report))
    }
    try {
      const result = await handler(job.data, { signal, onProgress })
      // Progress that arrives after the result would be dropped.
      await reported
      return { ok: true, result: result ?? null }
    } catch (error) {
      // Whoever broke it off knows why.
      return { ok: false, error: toWireError(signal.aborted ? new DOMException('cancelled', 'AbortError') : error) }
    }
  }
}

function unknownKind(kind: string): WireError {
  return new GranaryError({
    code: 'JOB_KIND_UNKNOWN',
    message: `there is no job "${kind}"`,
    hint: 'The queue and its worker are of different versions: run the same version on all machines.',
  }).toJSON()
}
