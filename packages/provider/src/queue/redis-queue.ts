/**
 * The queue on a Redis, by BullMQ: a queue, its worker thread, and the callers that wait for a job. Waiting goes by the
 * worker's own events; the state of each awaited job is also read every few seconds, so that a job which was lost with its
 * store, or done by another machine's worker, is noticed.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { JobOutcome } from '../wire-error.ts'
import {
  crashed,
  endedInTime,
  type JobMap,
  type JobOptions,
  type JobProgressReport,
  type JobQueue,
  type JobRequest,
  requireJobId,
  resultOf,
  stoppedError,
  threadArguments,
} from './job-queue.ts'
import type { QueueLog } from './queue-log.ts'

export interface RedisQueueOptions {
  readonly url: string
  /** The queue's own folder: this provider's name on that Redis is kept in it. */
  readonly folder: string
  /** The file whose default export does the jobs. */
  readonly processor: URL
  readonly log: QueueLog
}

export class RedisUnreachableError extends GranaryError {
  constructor(url: string, cause: unknown) {
    super({
      code: 'QUEUE_REDIS_UNREACHABLE',
      message: `no Redis answers at ${withoutPassword(url)}: ${Error.isError(cause) ? cause.message : String(cause)}`,
      hint: 'Start Redis there, correct the URL, or leave it out to seal in threads of this program alone.',
      cause,
    })
  }
}

type AnyRequest = JobRequest<JobMap, string>

interface Waiter {
  readonly onProgress: ((progress: unknown) => void) | undefined
  settle(outcome: JobOutcome): void
  abort(reason: unknown): void
}

const RECHECK_MS = 5_000
const LOCK_MS = 30_000
const STALLED_CHECK_MS = 15_000
const STALLS_MAX = 3
const PRIORITY_NORMAL = 10
const REDIS_CONNECT_TIMEOUT_MS = 5_000
const LINE = 'sealing'

/** @throws RedisUnreachableError QUEUE_REDIS_UNREACHABLE */
export async function openRedisQueue<Jobs extends JobMap>(options: RedisQueueOptions): Promise<JobQueue<Jobs>> {
  const { log, processor, url, folder } = options
  const connection = await connect(url)
  const base = { connection, prefix: await prefixOf(folder) }
  const waiters = new Map<string, Set<Waiter>>()
  const queue = new Queue(LINE, base)
  const onError = (error: Error): void => log({ type: 'queue:error', line: LINE, message: error.message })
  queue.on('error', onError)
  await queue.waitUntilReady()
  await queue.resume()

  const worker = new Worker(LINE, processor, {
    ...base,
    concurrency: 1,
    useWorkerThreads: true,
    workerThreadsOptions: { execArgv: threadArguments(processor) },
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLS_MAX,
    runRetryDelay: 1_000,
  })
  worker.on('error', onError)
  worker.on('completed', (job, outcome: JobOutcome) => finish(job.id, outcome))
  worker.on('failed', (job, error) => finish(job?.id, crashed(job?.name, error.message)))
  worker.on('progress', (job, report) => {
    for (const waiter of waiters.get(job.id ?? '') ?? []) waiter.onProgress?.((report as JobProgressReport).progress)
  })
  await worker.waitUntilReady()

  let stopping: Promise<void> | undefined

  function finish(id: string | undefined, outcome: JobOutcome): void {
    if (id === undefined) return
    for (const waiter of waiters.get(id) ?? []) waiter.settle(outcome)
  }

  async function submit(request: AnyRequest): Promise<void> {
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

  async function recheck(request: AnyRequest): Promise<void> {
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

  async function run<Kind extends keyof Jobs & string>(
    request: JobRequest<Jobs, Kind>,
    { signal, onProgress }: JobOptions<Jobs[Kind]['progress']> = {},
  ): Promise<Jobs[Kind]['result']> {
    requireJobId(request.id)
    signal?.throwIfAborted()
    if (stopping !== undefined) throw stoppedError()
    const { promise, resolve, reject } = Promise.withResolvers<JobOutcome>()
    // It may be told while the job is still on its way into the store.
    promise.catch(() => {})
    const waiter: Waiter = { onProgress: onProgress as Waiter['onProgress'], settle: resolve, abort: reject }
    const onAbort = (): void => reject(signal?.reason)
    const others = waiters.get(request.id) ?? new Set()
    waiters.set(request.id, others.add(waiter))
    signal?.addEventListener('abort', onAbort, { once: true })
    const timer = setInterval(() => void recheck(request).catch(onError), RECHECK_MS)
    try {
      if (others.size === 1) await submit(request)
      return resultOf(await promise)
    } finally {
      clearInterval(timer)
      signal?.removeEventListener('abort', onAbort)
      others.delete(waiter)
      if (others.size === 0) waiters.delete(request.id)
      if (signal?.aborted === true && stopping === undefined) await cancel(request.id).catch(onError)
    }
  }

  async function stop(): Promise<void> {
    stopping ??= (async () => {
      for (const set of waiters.values()) for (const waiter of set) waiter.abort(stoppedError())
      worker.cancelAllJobs('the queue is stopping')
      await endedInTime(worker.close())
      await queue.close().catch(() => {})
      connection.disconnect()
    })()
    await stopping
  }

  return { backend: 'redis', run, stop }
}

async function connect(url: string): Promise<Redis> {
  // Commands wait while Redis is away, as BullMQ demands of a blocking connection; only the first connect may fail.
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: REDIS_CONNECT_TIMEOUT_MS,
  })
  // `connect` only says that it was closed; why, the error event says. Later ones are BullMQ's to report.
  let refusal: unknown
  redis.on('error', (error) => {
    refusal ??= error
  })
  try {
    await redis.connect()
    return redis
  } catch (error) {
    redis.disconnect()
    throw new RedisUnreachableError(url, refusal ?? error)
  }
}

/** Several providers may share one Redis: each has a name of its own there, kept beside the queue. */
async function prefixOf(folder: string): Promise<string> {
  const path = join(folder, 'redis-prefix')
  const known = await readFile(path, 'utf8').catch(() => '')
  if (/^granary-[0-9a-f]{16}$/.test(known)) return known
  const prefix = `granary-${randomBytes(8).toString('hex')}`
  await mkdir(folder, { recursive: true })
  await writeFileDurably(path, prefix)
  return prefix
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}
