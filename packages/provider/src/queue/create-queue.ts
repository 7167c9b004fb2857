/**
 * The provider's job queue: BullMQ, on PGlite in this process by default, on Redis when a URL is given. Heavy work runs in
 * worker threads of a processor file, never on the daemon's event loop.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import { type BackendFactory, createPostgresBackend, type IQueueBackend } from 'bullmq'
import { Redis } from 'ioredis'
import type { JobMap, JobOptions, JobQueue, JobRequest } from './job-queue.ts'
import { type LineOptions, openLine } from './line.ts'
import { openPglite } from './open-pglite.ts'
import type { QueueLog } from './queue-log.ts'

export interface CreateQueueOptions {
  /** The queue's own folder. It may be deleted whenever the provider is not running. */
  readonly folder: string
  readonly redisUrl?: string | undefined
  /** The file whose default export does the jobs. @default the provider's own jobs */
  readonly processor?: URL
  readonly log?: QueueLog
}

export class RedisUnreachableError extends GranaryError {
  constructor(url: string, cause: unknown) {
    super({
      code: 'QUEUE_REDIS_UNREACHABLE',
      message: `no Redis answers at ${withoutPassword(url)}: ${Error.isError(cause) ? cause.message : String(cause)}`,
      hint: 'Start Redis there, correct the URL, or leave it out to use the embedded queue.',
      cause,
    })
  }
}

interface Store {
  readonly backend: 'pglite' | 'redis'
  readonly line: Pick<LineOptions, 'connection' | 'backendFactory' | 'exclusive' | 'prefix' | 'lost'>
  close(): Promise<void>
}

const LINE = 'sealing'
const REDIS_CONNECT_TIMEOUT_MS = 5_000

export async function createQueue<Jobs extends JobMap>(options: CreateQueueOptions): Promise<JobQueue<Jobs>> {
  const log = options.log ?? (() => {})
  const processor = options.processor ?? defaultProcessor()
  await mkdir(options.folder, { recursive: true })
  const store =
    options.redisUrl === undefined
      ? await openEmbedded(options.folder, log)
      : await openRedis(options.folder, options.redisUrl)
  const line = await openLine({ ...store.line, name: LINE, processor, log }).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  return {
    backend: store.backend,
    async run<Kind extends keyof Jobs & string>(
      request: JobRequest<Jobs, Kind>,
      jobOptions: JobOptions<Jobs[Kind]['progress']> = {},
    ): Promise<Jobs[Kind]['result']> {
      return await line.run(request, jobOptions)
    },
    stop: async () => {
      await line.stop().catch(() => {})
      await store.close()
    },
  }
}

async function openEmbedded(folder: string, log: QueueLog): Promise<Store> {
  const { db, pool, lost } = await openPglite(join(folder, 'pglite'), log)
  return {
    backend: 'pglite',
    line: {
      connection: pool,
      backendFactory: createPostgresBackend as BackendFactory<IQueueBackend, unknown>,
      exclusive: true,
      lost,
      prefix: 'granary',
    },
    close: async () => {
      if (!db.closed) await db.close()
    },
  }
}

async function openRedis(folder: string, url: string): Promise<Store> {
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
  } catch (error) {
    redis.disconnect()
    throw new RedisUnreachableError(url, refusal ?? error)
  }
  return {
    backend: 'redis',
    line: {
      connection: redis,
      backendFactory: undefined,
      exclusive: false,
      // Its commands wait for it, however long it is away.
      lost: undefined,
      prefix: await redisPrefix(folder),
    },
    close: async () => redis.disconnect(),
  }
}

/** Several providers may share one Redis: each has a name of its own there, kept beside the queue. */
async function redisPrefix(folder: string): Promise<string> {
  const path = join(folder, 'redis-prefix')
  const known = await readFile(path, 'utf8').catch(() => '')
  if (/^granary-[0-9a-f]{16}$/.test(known)) return known
  const prefix = `granary-${randomBytes(8).toString('hex')}`
  await writeFileDurably(path, prefix)
  return prefix
}

function defaultProcessor(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`../sealing/processor.${extension}`, import.meta.url)
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}
