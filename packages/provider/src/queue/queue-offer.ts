/**
 * What a provider says of its queue on a Redis, and each worker of itself: keys that end with whoever wrote them, since they
 * are written anew all the time and expire by themselves.
 */
import { hostname } from 'node:os'
import { GranaryError } from '@granary/base'
import type { Redis } from 'ioredis'
import * as z from 'zod'
import type { Mark } from './shared-folder.ts'

/** What must be the same on all machines that do its jobs, by name. */
export type QueueVersion = Readonly<Record<string, string>>

export interface QueueOffer {
  /** Of all its keys. */
  readonly prefix: string
  /** The account whose provider it is. */
  readonly owner: string
  readonly version: QueueVersion
  /** In each folder that its jobs read or write. */
  readonly marks: readonly Mark[]
}

/** What the provider knows of it. */
export interface ProviderOffer extends Pick<QueueOffer, 'owner' | 'version' | 'marks'> {
  /** Whether its jobs read or write the folder of the provider itself, in which that of the queue lies. */
  readonly isHomeUsed: boolean
}

/** What a worker is, to the provider. */
export interface WorkerPresence {
  readonly host: string
  readonly pid: number
  /** Steps at a time. */
  readonly parallel: number
}

export class WorkerRefusedError extends GranaryError {
  constructor(owner: string, differences: readonly string[]) {
    super({
      code: 'WORKER_REFUSED',
      message: `this worker cannot seal for the provider of ${owner}: ${differences.join('; ')}`,
      hint: 'run the same release of granary on all machines, with a kernel that was built at install',
      details: { owner, differences },
    })
  }
}

/** Both are written three times in this time. */
const EXPIRE_S = 60
export const OFFER_EVERY_MS = (EXPIRE_S * 1_000) / 3
const OFFERS = 'granary:queue:'
const WORKERS = 'granary:worker:'

const offerSchema = z.object({
  prefix: z.string().regex(/^granary-[0-9a-f]{16}$/),
  owner: z.string(),
  version: z.record(z.string(), z.string()),
  marks: z.array(z.object({ path: z.string(), text: z.string() })),
})

const presenceSchema = z.object({ host: z.string(), pid: z.int(), parallel: z.int().positive() })

export async function offerQueue(redis: Redis, offer: QueueOffer): Promise<void> {
  await redis.set(`${OFFERS}${offer.prefix}`, JSON.stringify(offer), 'EX', EXPIRE_S)
}

export async function takeBackOffer(redis: Redis, prefix: string): Promise<void> {
  await redis.del(`${OFFERS}${prefix}`)
}

export async function findOffers(redis: Redis): Promise<QueueOffer[]> {
  return (await valuesUnder(redis, OFFERS)).flatMap((text) => offerSchema.safeParse(text).data ?? [])
}

export async function showWorker(redis: Redis, prefix: string, parallel: number): Promise<void> {
  const presence: WorkerPresence = { host: hostname(), pid: process.pid, parallel }
  await redis.set(workerKey(prefix), JSON.stringify(presence), 'EX', EXPIRE_S)
}

export async function hideWorker(redis: Redis, prefix: string): Promise<void> {
  await redis.del(workerKey(prefix))
}

export async function findWorkers(redis: Redis, prefix: string): Promise<WorkerPresence[]> {
  const found = await valuesUnder(redis, `${WORKERS}${prefix}:`)
  return found.flatMap((text) => presenceSchema.safeParse(text).data ?? [])
}

/** In words, of each thing that is not the same. */
export function differencesOf(own: QueueVersion, wanted: QueueVersion): string[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(own)])]
  return names
    .filter((name) => own[name] !== wanted[name])
    .map((name) => `its ${name} is ${own[name] ?? 'unknown'}, the provider's is ${wanted[name] ?? 'unknown'}`)
}

function workerKey(prefix: string): string {
  return `${WORKERS}${prefix}:${hostname()}:${process.pid}`
}

async function valuesUnder(redis: Redis, prefix: string): Promise<unknown[]> {
  const keys: string[] = []
  for await (const found of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) keys.push(...(found as string[]))
  if (keys.length === 0) return []
  const texts = await redis.mget([...new Set(keys)])
  return texts.flatMap((text) => {
    try {
      return text === null ? [] : [JSON.parse(text) as unknown]
    } catch {
      return []
    }
  })
}
