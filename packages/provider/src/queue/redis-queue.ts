/**
 * The queue on a Redis, by BullMQ: its lines, the callers that wait for a job, and this machine's own worker. Waiting goes by
 * the events of the lines, whoever does the job; the state of each awaited job is also read every few seconds, so that a job
 * which was lost with its store is noticed.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '@granary/base/node'
import { type JobType, Queue, QueueEvents } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Alerts } from '../alerts.ts'
import type { JobOutcome } from '../wire-error.ts'
import {
  crashed,
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
import { type Line, lines } from './job-threads.ts'
import type { QueueLog } from './queue-log.ts'
import {
  findWorkers,
  OFFER_EVERY_MS,
  offerQueue,
  type ProviderOffer,
  takeBackOffer,
  type WorkerPresence,
} from './queue-offer.ts'
import { connectRedis } from './redis-connection.ts'
import { cancelChannel, lineName, startRedisWorker } from './redis-worker.ts'
import { withoutPassword } from './without-password.ts'

export interface RedisQueueOptions extends QueueWorkerOptions {
  readonly url: string
  /** The queue's own folder: this provider's name on that Redis is kept in it. */
  readonly folder: string
  /** What workers of other machines are told. */
  readonly offer: () => ProviderOffer
  readonly alerts: Pick<Alerts, 'raise' | 'clear'>
  readonly log: QueueLog
}

type AnyRequest = JobRequest<JobMap, string>

interface Waiter {
  readonly request: AnyRequest
  readonly onProgress: ((progress: unknown) => void) | undefined
  settle(outcome: JobOutcome): void
  abort(reason: unknown): void
}

interface OpenLine {
  readonly queue: Queue
  readonly events: QueueEvents
  /** The connection of the events alone: they are waited for on it. */
  readonly hearing: Redis
}

const RECHECK_MS = 5_000
/** What a run before has left is asked for again by then, as a rule: sectors are all looked at in the first moment. */
const UNWANTED_AFTER_MS = 10_000
const unfinished: JobType[] = ['active', 'wait', 'prioritized', 'delayed']

/** @throws RedisUnreachableError QUEUE_REDIS_UNREACHABLE */
export async function openRedisQueue<Jobs extends JobMap>(options: RedisQueueOptions): Promise<JobQueue<Jobs>> {
  const { log, alerts, processor, url, folder, parallel, machine, cancelMs } = options
  const { version } = options.offer()
  const connection = await connectRedis(url)
  const prefix = await prefixOf(folder)
  const base = { connection, prefix }
  const waiters = new Map<string, Set<Waiter>>()
  let stopping: Promise<void> | undefined
  // While it is away everything that has to do with it fails, again and again: the alert says so once.
  const onError = ({ message }: Error): void => {
    if (connection.status === 'ready') log({ type: 'queue:error', line: 'sealing', message })
  }
  connection.on('close', () => {
    if (stopping === undefined)
      alerts.raise({
        code: 'QUEUE_UNAVAILABLE',
        message: `the Redis at ${withoutPassword(url)} is away`,
        hint: 'start it again. Sealing waits for it and goes on by itself; proofs do not need it.',
      })
  })
  connection.on('ready', () => alerts.clear('QUEUE_UNAVAILABLE'))
  const opened = await Promise.all(lines.map((line) => openLine(line)))
  const lineOf = ({ urgent = false }: Pick<AnyRequest, 'urgent'>): Queue => opened[urgent ? 1 : 0]!.queue
  const worker =
    parallel === 0
      ? undefined
      : await startRedisWorker({ ...base, version, processor, machine, parallel, cancelMs, onError })

  let others: readonly WorkerPresence[] = []
  const keepOffer = async (): Promise<void> => {
    const { owner, marks, isHomeUsed } = options.offer()
    const home = isHomeUsed ? [{ path: prefixPath(folder), text: prefix }] : []
    await offerQueue(connection, { prefix, owner, version, marks: [...home, ...marks] })
    const found = await findWorkers(connection, prefix)
    if (found.length !== others.length) log({ type: 'queue:workers', workers: found.map(({ host }) => host) })
    others = found
  }
  await keepOffer()
  const offering = setInterval(() => void keepOffer().then(lookForWorkers).catch(onError), OFFER_EVERY_MS)
  let askedMs: number | undefined
  const dropping = setInterval(() => void dropUnwanted().catch(onError), RECHECK_MS)

  /** Not at the start: they are told of this queue by it. */
  async function lookForWorkers(): Promise<void> {
    if (parallel > 0) return
    others = await findWorkers(connection, prefix)
    if (others.length > 0) alerts.clear('WORKERS_MISSING')
    else
      alerts.raise({
        code: 'WORKERS_MISSING',
        message: 'sealing is left to other machines (sealing.parallel is 0), and no worker is at the queue',
        hint: 'start `granary provider worker` with the same --queue on a machine that sees the folders of this one, or give sealing.parallel at least 1 and start again; what waits goes on by itself',
      })
  }

  /** Jobs of a run before, which asked for its sectors in other company: a worker would be at them for hours. */
  async function dropUnwanted(): Promise<void> {
    if (askedMs === undefined || performance.now() - askedMs < UNWANTED_AFTER_MS) return
    for (const { queue } of opened)
      for (const job of await queue.getJobs(unfinished)) if (job?.id !== undefined) await takeBack(queue, job.id)
  }

  async function openLine(line: Line): Promise<OpenLine> {
    const name = lineName(line, version)
    const queue = new Queue(name, base)
    const hearing = connection.duplicate()
    const events = new QueueEvents(name, { ...base, connection: hearing })
    queue.on('error', onError)
    events.on('error', onError)
    events.on('completed', ({ jobId, returnvalue }) => finish(jobId, returnvalue as unknown as JobOutcome))
    events.on('failed', ({ jobId, failedReason }) => finish(jobId, crashed(kindOf(jobId), failedReason)))
    events.on('progress', ({ jobId, data }) => {
      const { progress } = data as unknown as JobProgressReport
      for (const waiter of waiters.get(jobId) ?? []) waiter.onProgress?.(progress)
    })
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady()])
    await queue.resume()
    return { queue, events, hearing }
  }

  function kindOf(id: string): string | undefined {
    return [...(waiters.get(id) ?? [])][0]?.request.kind
  }

  function finish(id: string, outcome: JobOutcome): void {
    const waiting = [...(waiters.get(id) ?? [])]
    const [first] = waiting
    if (first === undefined) return
    void lookForWorkers().catch(onError)
    // Its worker has stopped, or was taken for dead: it is still wanted here, and another one goes on with it.
    if (!outcome.ok && outcome.error.code === 'JOB_CANCELLED') void submit(first.request).catch(onError)
    else for (const waiter of waiting) waiter.settle(outcome)
  }

  async function submit(request: AnyRequest): Promise<void> {
    const queue = lineOf(request)
    const left = await queue.getJob(request.id)
    // A finished job of this id is an earlier run's: its answer may be stale, and the work is idempotent.
    if (left !== undefined && ((await left.isCompleted()) || (await left.isFailed()))) await left.remove()
    await queue.add(request.kind, request.input, {
      jobId: request.id,
      removeOnComplete: { age: 60, count: 100 },
      removeOnFail: { age: 3_600, count: 100 },
    })
  }

  async function recheck(request: AnyRequest): Promise<void> {
    await lookForWorkers()
    const job = await lineOf(request).getJob(request.id)
    if (job === undefined) return await submit(request)
    if (await job.isCompleted()) return finish(request.id, job.returnvalue as JobOutcome)
    if (await job.isFailed()) finish(request.id, crashed(request.kind, job.failedReason ?? 'no reason was given'))
  }

  /** From whoever does it, unless somebody waits for it. */
  async function takeBack(queue: Queue, id: string): Promise<void> {
    if (waiters.has(id)) return
    await connection.publish(cancelChannel(prefix), id)
    const job = await queue.getJob(id)
    if (job !== undefined && !(await job.isActive())) await job.remove()
  }

  async function run<Kind extends keyof Jobs & string>(
    request: JobRequest<Jobs, Kind>,
    { signal, onProgress }: JobOptions<Jobs[Kind]['progress']> = {},
  ): Promise<Jobs[Kind]['result']> {
    requireJobId(request.id)
    signal?.throwIfAborted()
    if (stopping !== undefined) throw stoppedError()
    askedMs ??= performance.now()
    const { promise, resolve, reject } = Promise.withResolvers<JobOutcome>()
    // It may be told while the job is still on its way into the store.
    promise.catch(() => {})
    const waiter: Waiter = { request, onProgress: onProgress as Waiter['onProgress'], settle: resolve, abort: reject }
    const onAbort = (): void => reject(signal?.reason)
    const together = waiters.get(request.id) ?? new Set()
    waiters.set(request.id, together.add(waiter))
    signal?.addEventListener('abort', onAbort, { once: true })
    const timer = setInterval(() => void recheck(request).catch(onError), RECHECK_MS)
    try {
      if (together.size === 1) await submit(request)
      return resultOf(await promise)
    } finally {
      clearInterval(timer)
      signal?.removeEventListener('abort', onAbort)
      together.delete(waiter)
      if (together.size === 0) waiters.delete(request.id)
      // The last caller to lose interest takes it back.
      if (signal?.aborted === true && stopping === undefined) await takeBack(lineOf(request), request.id).catch(onError)
    }
  }

  async function stop(): Promise<void> {
    stopping ??= (async () => {
      clearInterval(offering)
      clearInterval(dropping)
      for (const set of waiters.values()) for (const waiter of set) waiter.abort(stoppedError())
      await worker?.stop()
      // Commands wait for a Redis that is away; who stops does not.
      const closing = opened.flatMap(({ queue, events, hearing }) => [queue.close(), closeEvents(events, hearing)])
      if (connection.status === 'ready') await takeBackOffer(connection, prefix).catch(() => {})
      await Promise.allSettled(closing)
      connection.disconnect()
    })()
    await stopping
  }

  return {
    backend: 'redis',
    slots: () => parallel + others.reduce((sum, each) => sum + each.parallel, 0),
    run,
    stop,
  }
}

/** BullMQ waits for the end of the connection, which one that stands between two attempts to connect never tells. */
async function closeEvents(events: QueueEvents, hearing: Redis): Promise<void> {
  const closing = events.close()
  if (hearing.status === 'ready') return await closing
  closing.catch(() => {})
  hearing.disconnect()
}

function prefixPath(folder: string): string {
  return join(folder, 'redis-prefix')
}

/** Several providers may share one Redis: each has a name of its own there, kept beside the queue. */
async function prefixOf(folder: string): Promise<string> {
  const path = prefixPath(folder)
  const known = await readFile(path, 'utf8').catch(() => '')
  if (/^granary-[0-9a-f]{16}$/.test(known)) return known
  const prefix = `granary-${randomBytes(8).toString('hex')}`
  await mkdir(folder, { recursive: true })
  await writeFileDurably(path, prefix)
  return prefix
}
