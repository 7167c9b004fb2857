/**
 * The queue on this machine: jobs in worker threads, so many at a time, and one more that is urgent. It keeps nothing: a
 * provider that starts again asks again, by its sectors' rows.
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
  type QueueWorkerOptions,
  requireJobId,
  resultOf,
  stoppedError,
  threadArguments,
} from './job-queue.ts'
import type { FromThread, ToThread } from './local-thread.ts'

/** An urgent job finds a thread that no other has. */
type Line = 'sealing' | 'urgent'

interface Job {
  /** Who waits for it, each with what it does about progress. */
  readonly callers: Set<{ readonly onProgress: ((progress: unknown) => void) | undefined }>
  readonly cancelling: AbortController
  readonly done: Promise<JobOutcome>
}

export function createLocalQueue<Jobs extends JobMap>(options: QueueWorkerOptions): JobQueue<Jobs> {
  const { processor, machine, parallel } = options
  const lines = { sealing: new PQueue({ concurrency: parallel }), urgent: new PQueue({ concurrency: 1 }) }
  const jobs = new Map<string, Job>()
  const stopping = new AbortController()
  /** Each is begun with a job that finds none, and goes with one that ends it. */
  const threads = new Set<Worker>()
  const idle: Readonly<Record<Line, Worker[]>> = { sealing: [], urgent: [] }

  function openThread(line: Line): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const opened = new Worker(new URL(`./local-thread.${extension}`, import.meta.url), {
      execArgv: threadArguments(processor),
      workerData: { processor: processor.href, machine },
    })
    threads.add(opened)
    // What it died of reaches who waits for its job.
    opened.on('error', () => {})
    opened.once('exit', () => {
      threads.delete(opened)
      if (idle[line].includes(opened)) idle[line].splice(idle[line].indexOf(opened), 1)
    })
    return opened
  }

  function begin({ kind, id, input, urgent = false }: JobRequest<Jobs, keyof Jobs & string>): Job {
    const callers: Job['callers'] = new Set()
    const cancelling = new AbortController()
    const { signal } = cancelling
    const line = urgent ? 'urgent' : 'sealing'
    const perform = (): Promise<JobOutcome> => performJob(line, { kind, input }, callers, signal)
    const done = lines[line].add(perform)
    const job: Job = { callers, cancelling, done }
    const forget = (): void => {
      if (jobs.get(id) === job) jobs.delete(id)
    }
    done.then(forget, forget)
    jobs.set(id, job)
    return job
  }

  async function performJob(
    line: Line,
    task: Exclude<ToThread, 'cancel'>,
    callers: Job['callers'],
    signal: AbortSignal,
  ): Promise<JobOutcome> {
    // Nobody waits for it any more.
    signal.throwIfAborted()
    const doing = idle[line].pop() ?? openThread(line)
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
      if (threads.has(doing)) idle[line].push(doing)
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
    await endedInTime(Promise.all([lines.sealing.onIdle(), lines.urgent.onIdle()]).then(() => undefined))
    await Promise.all([...threads].map((thread) => thread.terminate()))
  }

  return { backend: 'local', slots: () => parallel, run, stop }
}
