/**
 * One line of the queue: a BullMQ queue, its worker thread, and the callers that wait for a job. Waiting goes by the
 * worker's own events; the state of each awaited job is also read every few seconds, so that a job which was lost with its
 * store, or done by another machine's worker, is noticed.
 */
import { GranaryError, relayedCode } from '@granary/base'
import { type BackendFactory, type ConnectionOptions, type IQueueBackend, Queue, Worker } from 'bullmq'
import type { JobOutcome } from '../wire-error.ts'
import { JobFailedError, JobIdInvalidError, type JobOptions, type JobProgressReport } from './job-queue.ts'
import type { QueueLog } from './queue-log.ts'

export interface LineOptions {
  readonly name: string
  readonly connection: unknown
  /** Redis's key prefix: one a provider. */
  readonly prefix: string
  readonly backendFactory: BackendFactory<IQueueBackend, unknown> | undefined
  readonly processor: URL
  /** Nobody else can be working on what is left in the store: drop it, instead of waiting for its locks to run out. */
  readonly exclusive: boolean
  /** Aborted when the store is lost: its reason is what all who wait and all who come are told. */
  readonly lost: AbortSignal | undefined
  readonly log: QueueLog
}

export interface LineRequest {
  readonly kind: string
  readonly id: string
  readonly input: unknown
  readonly urgent?: boolean
}

export interface Line {
  run(request: LineRequest, options?: JobOptions<unknown>): Promise<unknown>
  stop(): Promise<void>
}

interface Waiter {
  readonly onProgress: ((progress: unknown) => void) | undefined
  settle(outcome: JobOutcome): void
  abort(reason: unknown): void
}

const RECHECK_MS = 5_000
const LOCK_MS = 30_000
const STALLED_CHECK_MS = 15_000
const STALLS_MAX = 3
/** A job that does not hear its signal is left to the end of the process. */
const STOP_TIMEOUT_MS = 20_000
const PRIORITY_NORMAL = 10
const JOB_ID = /^[A-Za-z0-9._-]{1,128}$/

export async function openLine(options: LineOptions): Promise<Line> {
  const { name, log, lost } = options
  const waiters = new Map<string, Set<Waiter>>()
  const connection = options.connection as ConnectionOptions
  const base = { connection, prefix: options.prefix }
  const queue = new Queue(name, base, options.backendFactory as never)
  const onError = (error: Error): void => log({ type: 'queue:error', line: name, message: error.message })
  queue.on('error', onError)
  await queue.waitUntilReady()
  if (options.exclusive) await queue.obliterate({ force: true }).catch(() => {})
  await queue.resume()

  const worker = new Worker(
    name,
    options.processor,
    {
      ...base,
      concurrency: 1,
      useWorkerThreads: true,
      workerThreadsOptions: { execArgv: threadArguments(options.processor) },
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: STALLS_MAX,
      runRetryDelay: 1_000,
    },
    options.backendFactory as never,
  )
  worker.on('error', onError)
  worker.on('completed', (job, outcome: JobOutcome) => finish(job.id, outcome))
  worker.on('failed', (job, error) => finish(job?.id, crashed(job?.name, error.message)))
  worker.on('progress', (job, report) => {
    for (const waiter of waiters.get(job.id ?? '') ?? []) waiter.onProgress?.((report as JobProgressReport).progress)
  })
  await worker.waitUntilReady()

  lost?.addEventListener('abort', () => {
    for (const set of waiters.values()) for (const waiter of set) waiter.abort(lost.reason)
  })

  let stopping: Promise<void> | undefined

  function finish(id: string | undefined, outcome: JobOutcome): void {
    if (id === undefined) return
    for (const waiter of waiters.get(id) ?? []) waiter.settle(outcome)
  }

  async function submit(request: LineRequest): Promise<void> {
    const left = await queue.getJob(request.id)
    // A finished job of this id is an earlier run's: its answer may be stale, and the work is idempotent.
    if (left !== undefined && ((await left.isCompleted()) || (await left.isFailed()))) await left.remove()
    await queue.add(request.kind, request.input, {
      jobId: request.id,
      priority: request.urgent === true ? 0 : PRIORITY_NORMAL,
      removeOnComplete: { age: 60, count: 100 },
      removeOnFail: { age: 3_600, count: 100 },
    })
  }

  async function recheck(request: LineRequest): Promise<void> {
    const job = await queue.getJob(request.id)
    if (job === undefined) return await submit(request)
    if (await job.isCompleted()) return finish(request.id, job.returnvalue as JobOutcome)
    if (await job.isFailed()) finish(request.id, crashed(request.kind, job.failedReason ?? 'no reason was given'))
  }

  /** The last caller to lose interest takes the job back. */
  async function cancel(id: string): Promise<void> {
    if (waiters.has(id)) return
    if (worker.cancelJob(id, 'the caller does not want the job any more')) return
    await (await queue.getJob(id))?.remove()
  }

  async function run(request: LineRequest, jobOptions: JobOptions<unknown> = {}): Promise<unknown> {
    const { signal, onProgress } = jobOptions
    if (!JOB_ID.test(request.id)) throw new JobIdInvalidError(request.id)
    signal?.throwIfAborted()
    if (stopping !== undefined) throw stoppedError()
    lost?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<JobOutcome>()
    // It may be told while the job is still on its way into the store.
    promise.catch(() => {})
    const waiter: Waiter = { onProgress, settle: resolve, abort: reject }
    const onAbort = (): void => reject(signal?.reason)
    const others = waiters.get(request.id) ?? new Set()
    waiters.set(request.id, others.add(waiter))
    signal?.addEventListener('abort', onAbort, { once: true })
    const timer = setInterval(() => void recheck(request).catch(onError), RECHECK_MS)
    try {
      if (others.size === 1) await submit(request)
      const outcome = await promise
      if (outcome.ok) return outcome.result
      throw new JobFailedError({ ...outcome.error, code: relayedCode(outcome.error.code) })
    } catch (error) {
      lost?.throwIfAborted()
      throw error
    } finally {
      clearInterval(timer)
      signal?.removeEventListener('abort', onAbort)
      others.delete(waiter)
      if (others.size === 0) waiters.delete(request.id)
      if (signal?.aborted === true && stopping === undefined && lost?.aborted !== true)
        await cancel(request.id).catch(onError)
    }
  }

  async function stop(): Promise<void> {
    stopping ??= (async () => {
      for (const set of waiters.values()) for (const waiter of set) waiter.abort(stoppedError())
      worker.cancelAllJobs('the queue is stopping')
      await within(worker.close(), STOP_TIMEOUT_MS)
      await queue.close()
    })()
    await stopping
  }

  return { run, stop }
}

function crashed(kind: string | undefined, reason: string): JobOutcome {
  const error = new GranaryError({
    code: 'JOB_CRASHED',
    message: `the worker thread of a ${kind ?? 'job'} ended without an answer: ${reason}`,
    hint: 'It is tried again. If it happens each time, look for a lack of memory or disk space.',
  })
  return { ok: false, error: error.toJSON() }
}

function stoppedError(): DOMException {
  return new DOMException('the queue is stopping', 'AbortError')
}

async function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timeoutMs)
  await Promise.race([work, late])
  clearTimeout(timer)
}

/** A thread that runs a TypeScript source resolves the packages' sources; a built one must not look for them. */
function threadArguments(processor: URL): string[] {
  return processor.pathname.endsWith('.ts')
    ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']
    : []
}
