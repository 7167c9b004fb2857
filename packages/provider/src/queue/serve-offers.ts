/**
 * A worker on another machine: it looks which providers have their queue on this Redis, and does the jobs of each that is of
 * its version and whose folders it sees. Providers and folders may come and go; it is told, and goes on.
 */
import type { GranaryError } from '@granary/base'
import type { QueueWorkerOptions } from './job-queue.ts'
import type { QueueLog } from './queue-log.ts'
import {
  differencesOf,
  findOffers,
  hideWorker,
  OFFER_EVERY_MS,
  type QueueOffer,
  type QueueVersion,
  showWorker,
  WorkerRefusedError,
} from './queue-offer.ts'
import { connectRedis } from './redis-connection.ts'
import { type RedisWorker, startRedisWorker } from './redis-worker.ts'
import { type Mark, missingMark, SharedFolderMissingError } from './shared-folder.ts'
import { withoutPassword } from './without-password.ts'

export interface ServeOffersOptions extends Omit<QueueWorkerOptions, 'machine'> {
  readonly url: string
  readonly version: QueueVersion
  /** What its threads know, of this machine and of what they must see. */
  readonly machineFor: (marks: readonly Mark[]) => unknown
  readonly log: QueueLog
}

export interface ServingOffers {
  /** Owners of the providers that it works for. */
  serves(): string[]
  stop(): Promise<void>
}

interface Served {
  readonly offer: QueueOffer
  readonly worker: RedisWorker
  isPaused: boolean
}

const LOOK_EVERY_MS = 2_000

/** @throws RedisUnreachableError, WorkerRefusedError, SharedFolderMissingError where no provider can be worked for */
export async function serveOffers(options: ServeOffersOptions): Promise<ServingOffers> {
  const { url, version, processor, parallel, log } = options
  const connection = await connectRedis(url)
  const served = new Map<string, Served>()
  /** What stands in the way of each other one, so that it is said once. */
  const obstacles = new Map<string, string>()
  let isStopping = false
  let shownMs = Number.NEGATIVE_INFINITY
  let looking: Promise<void> = Promise.resolve()
  let isAway = false
  // While it is away everything that has to do with it fails, again and again: that is said once.
  const onError = ({ message }: Error): void => {
    if (connection.status === 'ready') log({ type: 'queue:error', line: 'sealing', message })
  }
  connection.on('close', () => {
    if (isAway || isStopping) return
    isAway = true
    log({ type: 'queue:error', line: 'sealing', message: `the Redis at ${withoutPassword(url)} is away` })
  })
  connection.on('ready', () => {
    if (isAway) log({ type: 'queue:back' })
    isAway = false
  })

  async function look(): Promise<GranaryError | undefined> {
    const offers = await findOffers(connection)
    const show = performance.now() - shownMs >= OFFER_EVERY_MS
    for (const [prefix, { offer }] of served) {
      const there = offers.find((each) => each.prefix === prefix)
      if (there === undefined || JSON.stringify(there) !== JSON.stringify(offer)) await leave(prefix)
    }
    let first: GranaryError | undefined
    for (const offer of offers) {
      const obstacle = await obstacleTo(offer)
      tell(offer, obstacle)
      first ??= obstacle
      await follow(offer, obstacle)
      if (show && obstacle === undefined) await showWorker(connection, offer.prefix, parallel)
    }
    if (show) shownMs = performance.now()
    if (offers.length === 0 && served.size === 0) tell(undefined, undefined)
    return served.size > 0 ? undefined : first
  }

  async function obstacleTo({ owner, version: wanted, marks }: QueueOffer): Promise<GranaryError | undefined> {
    const differences = differencesOf(version, wanted)
    if (differences.length > 0) return new WorkerRefusedError(owner, differences)
    const path = await missingMark(marks)
    return path === undefined ? undefined : new SharedFolderMissingError(path)
  }

  async function follow(offer: QueueOffer, obstacle: GranaryError | undefined): Promise<void> {
    const { prefix } = offer
    const known = served.get(prefix)
    if (known === undefined && obstacle === undefined) {
      const machine = options.machineFor(offer.marks)
      const onBegun = (kind: string, id: string): void => log({ type: 'worker:job', owner: offer.owner, kind, id })
      const worker = await startRedisWorker({
        ...{ connection, prefix, version, processor, machine, parallel, onBegun, onError },
      })
      served.set(prefix, { offer, worker, isPaused: false })
      await showWorker(connection, prefix, parallel)
      log({ type: 'worker:serving', owner: offer.owner })
    }
    if (known === undefined || known.isPaused === (obstacle !== undefined)) return
    known.isPaused = obstacle !== undefined
    if (!known.isPaused) return known.worker.resume()
    await known.worker.pause()
    await hideWorker(connection, prefix)
  }

  function tell(offer: QueueOffer | undefined, obstacle: GranaryError | undefined): void {
    const key = offer?.prefix ?? ''
    const said = obstacle?.message ?? (offer === undefined ? 'none' : '')
    if ((obstacles.get(key) ?? '') === said) return
    obstacles.set(key, said)
    if (offer === undefined) log({ type: 'worker:waiting', message: 'no provider has its queue on this Redis' })
    else if (obstacle === undefined) log({ type: 'worker:resumed', owner: offer.owner })
    else {
      const { code, message, hint } = obstacle
      log({ type: 'worker:hindered', owner: offer.owner, code, message, hint })
    }
  }

  async function leave(prefix: string): Promise<void> {
    const { worker, offer } = served.get(prefix)!
    served.delete(prefix)
    await worker.stop()
    await hideWorker(connection, prefix)
    log({ type: 'worker:left', owner: offer.owner })
  }

  const obstacle = await look()
  if (obstacle !== undefined) {
    connection.disconnect()
    throw obstacle
  }
  const timer = setInterval(() => {
    looking = looking.then(look).then(
      () => undefined,
      (error: unknown) => onError(Error.isError(error) ? error : new Error(String(error))),
    )
  }, LOOK_EVERY_MS)

  return {
    serves: () => [...served.values()].map(({ offer }) => offer.owner),
    stop: async () => {
      isStopping = true
      clearInterval(timer)
      if (connection.status === 'ready') await looking
      await Promise.all([...served.values()].map(({ worker }) => worker.stop()))
      if (connection.status === 'ready')
        await Promise.all([...served.keys()].map((prefix) => hideWorker(connection, prefix)))
      connection.disconnect()
    },
  }
}
