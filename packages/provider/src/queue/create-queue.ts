/**
 * The provider's job queue: threads of this process, or BullMQ on a Redis when a URL is given. Heavy work never runs on the
 * daemon's event loop.
 */
import type { Alerts } from '../alerts.ts'
import type { JobMap, JobQueue, QueueWorkerOptions } from './job-queue.ts'
import { createLocalQueue } from './local-queue.ts'
import type { QueueLog } from './queue-log.ts'
import type { ProviderOffer } from './queue-offer.ts'

export interface CreateQueueOptions extends Partial<QueueWorkerOptions> {
  /** The queue's own folder. It may be deleted whenever the provider is not running. */
  readonly folder: string
  readonly redisUrl?: string | undefined
  /** What workers of other machines are told. @default nothing that suits any of them */
  readonly offer?: () => ProviderOffer
  readonly alerts?: Pick<Alerts, 'raise' | 'clear'>
  readonly log?: QueueLog
}

/** @throws RedisUnreachableError QUEUE_REDIS_UNREACHABLE */
export async function createQueue<Jobs extends JobMap>({
  folder,
  redisUrl: url,
  processor = ownJobs(),
  machine,
  parallel = 1,
  cancelMs,
  offer = () => ({ owner: '', version: {}, marks: [], isHomeUsed: true }),
  alerts = { raise: () => {}, clear: () => {} },
  log = () => {},
}: CreateQueueOptions): Promise<JobQueue<Jobs>> {
  if (url === undefined) return createLocalQueue({ processor, machine, parallel, cancelMs })
  // Who seals in threads of its own loads nothing of it.
  const { openRedisQueue } = await import('./redis-queue.ts')
  return await openRedisQueue({ url, folder, processor, machine, parallel, cancelMs, offer, alerts, log })
}

/** The provider's own jobs. */
export function ownJobs(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`../sealing/processor.${extension}`, import.meta.url)
}
