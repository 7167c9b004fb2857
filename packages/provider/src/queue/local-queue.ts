/**
 * The queue on this machine: one job at a time, in a worker thread, the urgent ones first. It keeps nothing: a provider that
 * starts again asks again, by its sectors' rows.
 */
import { Worker } from 'node:worker_threads'
import PQueue from 'p-queue'
import type { JobOutcome } from '../wire-error.ts'
import {
  crashed,
  endedInTime,
  type JobMap,
  type JobOptions,
  type JobQueue,
  type JobRequest,
  requireJobId,
  resultOf,
  stoppedError,
  threadArguments,
} from './job-queue.ts'
import type { FromThread, ToThread } from './local-thread.ts'

interface Job {
  /** Who waits for it, each with what it does about progress. */
  readonly callers: Set<{ readonly onProgress: ((progress: unknown) => void) | undefined }>
  readonly cancelling: AbortController
  readonly done: Promise<JobOutcome>
}

/** @param processor the file whose default export does the jobs */
export function createLocalQueue<Jobs extends JobMap>(processor: URL): JobQueue<Jobs> {
  const line = new PQueue({ concurrency: 1 })
  const jobs = new Map<string, Job>()
  const stopping = new AbortController()
  /** Begun with the first job, and anew after one that ended it. */
  let thread: Worker | undefined

  function openThread(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const opened = new Worker(new URL(`./local-thread.${extension}`, import.meta.url), {
      execArgv: threadArguments(processor),
      workerData: processor.href,
    })
    // What it died of reaches who waits for its job.
    opened.on('error', () => {})
    opened.once('exit', () => {
      if (thread === opened) thread = undefined
    })
    return opened
  }

  function begin({ kind, id, input, urgent = false }: JobRequest<Jobs, keyof Jobs & string>): Job {
    const callers: Job['callers'] = new Set()
    const cancelling = new AbortController()
    const { signal } = cancelling
    const perform = (): Promise<JobOutcome> => performJob({ kind, input }, callers, signal)
    const done = line.add(perform, { priority: urgent ? 1 : 0 })
    const job: Job = { callers, cancelling, done }
    const forget = (): void => {
      if (jobs.get(id) === job) jobs.delete(id)
    }
    done.then(forget, forget)
    jobs.set(id, job)
    return job
  }

  async function performJob(
    task: Exclude<ToThread, 'cancel'>,
    callers: Job['callers'],
    signal: AbortSignal,
  ): Promise<JobOutcome> {
    // Nobody waits for it any more.
    signal.throwIfAborted()
    thread ??= openThread()
    const doing = thread
    const { promise, resolve } = Promise.withResolvers<JobOutcome>()
    const cancel = (): void => doing.postMessage('cancel' satisfies ToThread)
    const onMessage = (message: FromThread): void => {
      if ('outcome' in message) resolve(message.outcome)
      else for (const { onProgress } of callers) onProgress?.(message.progress)
    }
    const onError = (error: unknown): void => resolve(crashed(task.kind, String(error)))
    const onExit = (code: number): void => resolve(crashed(task.kind, `it exited with ${code}`))
    doing.on('message', onMessage).on('error', onError).on('exit', onExit)
    signal.addEventListener('abort', cancel, { once: true })
    try {
      doing.postMessage(task)
      return await promise
    } finally {
      signal.removeEventListener('abort', cancel)
      doing.off('message', onMessage).off('error', onError).off('exit', onExit)
    }
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
    await endedInTime(line.onIdle())
    await thread?.terminate()
  }

  return { backend: 'local', run, stop }
}
