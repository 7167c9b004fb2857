/** `@granary/provider/worker`: seals for providers of other machines, whose folders this one sees and whose queue is on a Redis. */
import { join } from 'node:path'
import { type Log, withTimeAndLevel } from '../log.ts'
import { ownJobs } from '../queue/create-queue.ts'
import { serveOffers } from '../queue/serve-offers.ts'
import type { Machine } from '../sealing/machine.ts'
import { workVersion } from '../sealing/work-version.ts'

export interface RunWorkerOptions {
  /** redis://host:port */
  readonly queueUrl: string
  /** Of this machine, for its parents tables. */
  readonly cacheHome: string
  /** Steps at a time, beside one that is urgent. */
  readonly parallel: number
  /** Sectors in lockstep in each of them, at most. @default 4 */
  readonly together?: number | undefined
  /** What all of them together may take. @default what is free when a step begins */
  readonly memoryBytes?: number | undefined
  readonly log?: Log
}

export interface RunningWorker {
  /** Owners of the providers that it works for. */
  serves(): string[]
  /** What it is at is given back: another one goes on with it. */
  stop(): Promise<void>
}

/** @throws RedisUnreachableError QUEUE_REDIS_UNREACHABLE; WorkerRefusedError WORKER_REFUSED; SharedFolderMissingError SHARED_FOLDER_MISSING */
export async function runWorker({
  queueUrl,
  cacheHome,
  parallel,
  together = 4,
  memoryBytes,
  log = () => {},
}: RunWorkerOptions): Promise<RunningWorker> {
  const parentsDir = join(cacheHome, 'parents')
  return await serveOffers({
    ...{ url: queueUrl, version: workVersion(), processor: ownJobs(), parallel, log: withTimeAndLevel(log) },
    machineFor: (marks): Machine => ({ parentsDir, together, memoryBytes, parallel, marks }),
  })
}
