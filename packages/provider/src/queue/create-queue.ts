/**
 * The provider's job queue: threads of this process, or BullMQ on a Redis when a URL is given. Heavy work never runs on the
 * daemon's event loop.
 */
import type { JobMap, JobQueue } from './job-queue.ts'
import { createLocalQueue } from './local-queue.ts'
import type { QueueLog } from './queue-log.ts'

export interface CreateQueueOptions {
  /** The queue's own folder. It may be deleted whenever the provider is not running. */
  readonly folder: string
  readonly redisUrl?: string | undefined
  /** The file whose default export does the jobs. @default the provider's own jobs */
  readonly processor?: URL
  readonly log?: QueueLog
}

/** @throws RedisUnreachableError QUEUE_REDIS_UNREACHABLE */
export async function createQueue<Jobs extends JobMap>({
  folder,
  redisUrl: url,
  processor = ownJobs(),
  log = () => {},
}: CreateQueueOptions): Promise<JobQueue<Jobs>> {
  if (url === undefined) return createLocalQueue(processor)
  // Who seals in threads of its own loads nothing of it.
  const { openRedisQueue } = await import('./redis-queue.ts')
  return await openRedisQueue({ url, folder, processor, log })
}

function ownJobs(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`../sealing/processor.${extension}`, import.meta.url)
}
