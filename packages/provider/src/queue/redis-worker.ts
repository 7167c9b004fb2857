/**
 * Takes the jobs of a provider's queue from a Redis and does them in threads of this process: the provider's own, or those of
 * a worker on another machine. A job whose lock may be another's by now is broken off: who has it goes on with it.
 */
import { createHash } from 'node:crypto'
import { type Job, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { JobOutcome } from '../wire-error.ts'
import { endedInTime, type QueueWorkerOptions } from './job-queue.ts'
import { createJobThreads, type Line, lines } from './job-threads.ts'
import type { QueueVersion } from './queue-offer.ts'

export interface RedisWorkerOptions extends QueueWorkerOptions {
  readonly connection: Redis
  readonly prefix: string
  readonly version: QueueVersion
  readonly onBegun?: (kind: string, id: string) => void
  readonly onError: (error: Error) => void
}

export interface RedisWorker {
  /** What runs goes on; nothing more is taken. */
  pause(): Promise<void>
  resume(): void
  stop(): Promise<void>
}

/** How long a job is a worker's that says nothing. */
const LOCK_MS = 15_000
const LOCK_WATCH_MS = 2_500
const STALLED_CHECK_MS = 5_000
/** Machines may come and go; a job that takes each of them down has to end. */
const STALLS_MAX = 20

/** Workers of another version listen elsewhere, so that none of them is ever given a job of this one. */
export function lineName(line: Line, version: QueueVersion): string {
  const text = JSON.stringify(Object.entries(version).toSorted())
  return `${line}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
}

export function cancelChannel(prefix: string): string {
  return `${prefix}:cancel`
}

export async function startRedisWorker(options: RedisWorkerOptions): Promise<RedisWorker> {
  const { connection, prefix, version, onError } = options
  const threads = createJobThreads(options)
  const workers = lines.map((line) => open(line))
  const hearing = connection.duplicate()
  hearing.on('error', onError)
  hearing.on('message', (_channel: string, id: string) => {
    for (const { worker } of workers) worker.cancelJob(id, 'nobody wants it any more')
  })
  await hearing.subscribe(cancelChannel(prefix))
  await Promise.all(workers.map(({ worker }) => worker.waitUntilReady()))

  async function perform(line: Line, job: Job, signal: AbortSignal): Promise<JobOutcome> {
    let reported: Promise<void> = Promise.resolve()
    const task = { kind: job.name, input: job.data as unknown }
    const onReport = (report: object): void => {
      reported = reported.then(() => job.updateProgress(report))
    }
    const outcome = await threads.perform(line, task, onReport, signal)
    // Progress that arrives after the result would be dropped.
    await reported
    return outcome
  }

  function open(line: Line): { readonly worker: Worker; readonly watch: NodeJS.Timeout } {
    const worker = new Worker(lineName(line, version), (job, _token, signal) => perform(line, job, signal!), {
      ...{ connection, prefix },
      concurrency: line === 'urgent' ? 1 : options.parallel,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: STALLS_MAX,
      runRetryDelay: 1_000,
    })
    worker.on('error', onError)
    let renewedMs = performance.now()
    const running = new Set<string>()
    const renewed = (): void => {
      renewedMs = performance.now()
    }
    const ended = (job: Job | undefined): void => void running.delete(job?.id ?? '')
    worker.on('active', (job) => {
      if (running.size === 0) renewed()
      running.add(job.id ?? '')
      options.onBegun?.(job.name, job.id ?? '')
    })
    worker.on('completed', ended)
    worker.on('failed', ended)
    worker.on('locksRenewed', renewed)
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id, 'it is another worker’s by now')
    })
    // Without a Redis no lock is renewed, and nothing says that it was not.
    const watch = setInterval(() => {
      if (running.size > 0 && performance.now() - renewedMs > LOCK_MS) worker.cancelAllJobs('its lock has run out')
    }, LOCK_WATCH_MS)
    return { worker, watch }
  }

  async function stop(): Promise<void> {
    hearing.disconnect()
    await Promise.all(
      workers.map(async ({ worker, watch }) => {
        clearInterval(watch)
        // What is broken off so is given back: who wants it asks for it anew. A Redis that is away is not waited for.
        const closing = worker.close(connection.status !== 'ready')
        worker.cancelAllJobs('the worker is stopping')
        await endedInTime(closing)
      }),
    )
    await threads.stop()
  }

  return {
    pause: async () => {
      await Promise.all(workers.map(({ worker }) => worker.pause(true)))
    },
    resume: () => {
      for (const { worker } of workers) void worker.resume()
    },
    stop,
  }
}
