/**
 * The queue on this machine: jobs in worker threads, so many at a time, and one more that is urgent. It keeps nothing: a
 * provider that starts again asks again, by its sectors' rows.
 */
import PQueue from 'p-queue'
import type { JobOutcome } from '../wire-error.ts'
import {
  endedInTime,
  type JobMap,
  type JobOptions,
  type JobProgressReport,
  type JobQueue,
  type JobRequest,
  type QueueWorkerOptions,
  requireJobId,
  resultOf,
  stoppedError,
} from './job-queue.ts'
import { createJobThreads } from './job-threads.ts'

interface Job {
  /** Who waits for it, each with what it does about progress. */
  readonly callers: Set<{ readonly onProgress: ((progress: unknown) => void) | undefined }>
  readonly cancelling: AbortController
  readonly done: Promise<JobOutcome>
}

export function createLocalQueue<Jobs extends JobMap>(options: QueueWorkerOptions): JobQueue<Jobs> {
  const { parallel } = options
  const threads = createJobThreads(options)
  const lines = { sealing: new PQueue({ concurrency: parallel }), urgent: new PQueue({ concurrency: 1 }) }
  const jobs = new Map<string, Job>()
  const stopping = new AbortController()
  function begin({ kind, id, input, urgent = false }: JobRequest<Jobs, keyof Jobs & string>): Job {
    const callers: Job['callers'] = new Set()
    const cancelling = new AbortController()
    const { signal } = cancelling
    const line = urgent ? 'urgent' : 'sealing'
    const onReport = ({ progress }: JobProgressReport): void => {
      for (const { onProgress } of callers) onProgress?.(progress)
    }
    const perform = (): Promise<JobOutcome> => threads.perform(line, { kind, input }, onReport, signal)
    const done = lines[line].add(perform)
    const job: Job = { callers, cancelling, done }
    const forget = (): void => {
      if (jobs.get(id) === job) jobs.delete(id)
    }
    done.then(forget, forget)
    jobs.set(id, job)
    return job
  }

  async function run<Kind extends keyof Jobs & string>(
    request: JobRequest<Jobs, Kind>,
    { signal, onProgress }: JobOptions<Jobs[Kind]['progress']> = {},
  ): Promise<Jobs[Kind]['result']> {
    const { id } = request
    requireJobId(id)
    const leaving = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal])
    leaving.throwIfAborted()
    const job = jobs.get(id) ?? begin(request)
    const caller = { onProgress: onProgress as ((progress: unknown) => void) | undefined }
    job.callers.add(caller)
    const { promise: left, reject } = Promise.withResolvers<never>()
    const onAbort = (): void => reject(leaving.reason)
    leaving.addEventListener('abort', onAbort, { once: true })
    try {
      return resultOf(await Promise.race([job.done, left]))
    } finally {
      leaving.removeEventListener('abort', onAbort)
      job.callers.delete(caller)
      // The last caller to lose interest takes the job back; who asks from now on gets one of their own.
      if (job.callers.size === 0) {
        if (jobs.get(id) === job) jobs.delete(id)
        job.cancelling.abort(stoppedError())
      }
    }
  }

  async function stop(): Promise<void> {
    stopping.abort(stoppedError())
    await endedInTime(Promise.all([lines.sealing.onIdle(), lines.urgent.onIdle()]).then(() => undefined))
    await threads.stop()
  }

  return { backend: 'local', slots: () => parallel, run, stop }
}
