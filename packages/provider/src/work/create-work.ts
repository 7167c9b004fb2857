/**
 * From published deals to proven sectors: the planner, one runner a sector, and proving, over the sectors' store. All that
 * matters is in the store and on the chain: this can be stopped or killed at any moment and started again.
 */
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { sleep } from '@granary/base'
import type { NamedProfile, ProfileName } from '@granary/proofs/profile'
import type { ChainClient } from '@granary/protocol/client'
import type { Signer } from '@granary/protocol/messages'
import type { Alerts } from '../alerts.ts'
import type { ChainFollower } from '../chain/follow-chain.ts'
import { createOutbox } from '../chain/outbox.ts'
import type { ProvenEnds } from '../chain/proven-ends.ts'
import { describeError } from '../describe-error.ts'
import { createProving } from '../proving/create-proving.ts'
import type { Prover } from '../proving/prover.ts'
import type { ScrubPace } from '../proving/scrub-replicas.ts'
import type { JobQueue } from '../queue/job-queue.ts'
import { giveUpSector, requireAbandonable } from '../sealing/give-up-sector.ts'
import type { ProviderJobs } from '../sealing/jobs.ts'
import { placeDeals } from '../sealing/place-deals.ts'
import { defaultRetryLimits, dropLost, type RetryLimits, runSector } from '../sealing/run-sector.ts'
import type { SealContext } from '../sealing/seal-context.ts'
import { createSealer } from '../sealing/seal-together.ts'
import { unsealFromReplica } from '../sealing/unseal-from-replica.ts'
import { createLanes } from '../sectors/lanes.ts'
import type { PiecePromise, SectorSize } from '../sectors/plan-sector.ts'
import type { DealFeed } from '../sectors/port.ts'
import type { SealingLog } from '../sectors/sealing-log.ts'
import { dealIdsOf, isIn, type Sector } from '../sectors/sector.ts'
import { createSectorStore } from '../sectors/store.ts'
import { createKeyedLock } from '../storage/keyed-lock.ts'
import type { Volumes } from '../storage/volumes.ts'
import type { Witness } from '../storage/witness.ts'
import { sealingReserveMs } from './sealing-reserve.ts'

export interface CreateWorkOptions {
  /** The provider's store, locked by this process. */
  readonly db: DatabaseSync
  readonly volumes: Volumes
  /** `<home>/provider`. */
  readonly folder: string
  readonly parentsDir: string
  readonly chain: ChainClient
  /** Not stopped by this either. */
  readonly follower: ChainFollower
  readonly ends: ProvenEnds
  /** May sign PreCommitSectors, ProveCommitSector, SubmitPost and SettleDeals for the provider's owner. */
  readonly signer: Signer
  readonly providerId: number
  /** Those that new sectors get, the smallest first. */
  readonly profiles: readonly NamedProfile[]
  /** Of a sector whose row names none. */
  readonly profile: NamedProfile
  readonly deals: DealFeed
  /** Not stopped by this: it belongs to whoever made it. */
  readonly queue: Pick<JobQueue<ProviderJobs>, 'run' | 'slots'>
  /** How long a sector waits for more deals after its oldest. */
  readonly sealAfterMs: number
  /** Of the chain. */
  readonly blockTimeMs: number
  /** Sectors that their owner has taken out. @default none */
  readonly maintenance?: () => readonly number[]
  readonly alerts: Alerts
  readonly securePieces: SealContext['securePieces']
  /** Told of each number before it is used. */
  readonly witness: Pick<Witness, 'numbered'>
  readonly log?: SealingLog
  /** Ended with the proving. */
  readonly prover: Prover
  /** Of the reading of replicas. @default about four weeks a round */
  readonly scrubPace?: ScrubPace
  /** @default eight failures of a step, one second to one minute apart */
  readonly retry?: RetryLimits
}

export interface Work {
  /** Proofs of what is sealed begin at once: they need neither the queue nor the deals. */
  startProving(): void
  /** Whether a sector is being proven: then it is worth more than all that is still to be sealed. */
  hasReplicas(): boolean
  start(): void
  /** Ends what runs; everything goes on from the store at the next start. */
  stop(): Promise<void>
  /** There may be a new deal to place. */
  nudge(): void
  /** Forgets what has failed of a sector, and goes on with it at once. @throws SectorMissingError SECTOR_MISSING */
  retry(number: number): Promise<void>
  /** Gives up a sector that is not on the chain; its deals go into another. @throws SectorMissingError, SectorNotAbandonableError SECTOR_STATE_WRONG */
  abandon(number: number): Promise<void>
  /** Makes a piece again from a sector that holds it. @throws PieceNotSealedError */
  unsealPiece(pieceCid: string, out: string, signal: AbortSignal): Promise<void>
}

const SEALINGS_MEASURED = 8

const FORGET_INTERVAL_MS = 60_000

/** Deals are announced by a nudge, and a sector's time is known; this finds what neither has told. */
const PLAN_INTERVAL_MS = 10_000

interface Running {
  readonly done: Promise<void>
  /** Undefined for what is not broken off. */
  readonly stop: AbortController | undefined
}

export function createWork(options: CreateWorkOptions): Work {
  const {
    db,
    chain,
    follower,
    signer,
    deals,
    profile,
    profiles,
    sealAfterMs,
    blockTimeMs,
    providerId,
    queue,
    folder,
    volumes,
    parentsDir,
  } = options
  const { alerts, witness } = options
  const log: SealingLog = options.log ?? (() => {})
  const store = createSectorStore(db, follower.height)
  const outbox = createOutbox({ db, chain, log })
  const lanes = createLanes({ chain, signer, outbox })
  const shared = {
    store,
    chain,
    lanes,
    head: follower,
    ends: options.ends,
    queue,
    sealer: createSealer(queue),
    deals,
    providerId,
    profile,
    profiles,
    folder,
    volumes,
    parentsDir,
    alerts,
    securePieces: options.securePieces,
    log,
  }
  const context = { ...shared, retry: options.retry ?? defaultRetryLimits }
  const readinessPath = join(folder, 'readiness.json')
  const proving = createProving({
    ...shared,
    maintenance: options.maintenance ?? (() => []),
    db,
    readinessPath,
    scrubPath: join(folder, 'scrub.json'),
    ...(options.scrubPace === undefined ? {} : { scrubPace: options.scrubPace }),
    follower,
    prover: options.prover,
    resume: (number) => isStarted && run(number),
  })
  const stopping = new AbortController()
  const running = new Map<number, Running>()
  const refused = new Set<number>()
  const unsealing = createKeyedLock()
  let background: Promise<unknown> | undefined
  let isStarted = false
  let timer: NodeJS.Timeout | undefined

  const isDamaged = (pieceCid: string): boolean =>
    deals.isStaged(pieceCid) ||
    alerts.list().some(({ code, subject }) => code === 'PIECE_DAMAGED' && subject === pieceCid)

  function plan(): void {
    if (stopping.signal.aborted || !isStarted) return
    clearTimeout(timer)
    let waitMs = PLAN_INTERVAL_MS
    try {
      const nowMs = Date.now()
      const measured = new Map<ProfileName, number | undefined>()
      const measuredMsOf = (name: ProfileName): number | undefined => {
        if (!measured.has(name))
          measured.set(name, sealingReserveMs(store.sealingTimes(SEALINGS_MEASURED, name), blockTimeMs))
        return measured.get(name)
      }
      const closeByMs = ({ activateBy, publishedAt }: PiecePromise, size: SectorSize): number | undefined => {
        if (activateBy === undefined) return undefined
        // Before the first one is measured half of the promised time is left for it.
        const reserveMs = measuredMsOf(size.profile) ?? ((activateBy - publishedAt) * blockTimeMs) / 2
        return nowMs + (activateBy - follower.height()) * blockTimeMs - reserveMs
      }
      const sizes = profiles.map(sizeOf)
      const first = sizeOf(profile)
      const input = { store, deals, sizes, first, sealAfterMs, nowMs, closeByMs, refused, witness, isDamaged, alerts }
      const { closed, waitUntilMs } = placeDeals(input)
      for (const number of closed) run(number)
      if (waitUntilMs !== undefined) waitMs = Math.min(waitMs, Math.max(1, waitUntilMs - nowMs))
    } catch (error) {
      report(error)
    }
    timer = setTimeout(plan, waitMs)
  }

  function run(number: number): void {
    if (running.has(number)) return
    const stop = new AbortController()
    track(number, runSector(context, number, AbortSignal.any([stopping.signal, stop.signal])), stop)
  }

  function track(number: number, work: Promise<void>, stop?: AbortController): void {
    const done = work.catch(report).finally(() => {
      running.delete(number)
      proving.check()
      plan()
    })
    running.set(number, { done, stop })
  }

  /** What it was at ends; all that it has done so far stays. */
  async function halt(number: number): Promise<void> {
    const run = running.get(number)
    run?.stop?.abort(new DOMException('its owner has a word with it', 'AbortError'))
    await run?.done
  }

  async function retry(number: number): Promise<void> {
    store.retry(number)
    // Sealing that is at work goes on from its last layer.
    await halt(number)
    goOn(number)
  }

  function goOn(number: number): void {
    if (unfinished().some((sector) => sector.number === number)) run(number)
  }

  async function abandon(number: number): Promise<void> {
    requireAbandonable(store.get(number))
    await halt(number)
    try {
      track(number, dropLost(context, giveUpSector(store, number)))
    } catch (error) {
      // It has come further meanwhile: it goes on.
      goOn(number)
      throw error
    }
    await running.get(number)?.done
  }

  function report(error: unknown): void {
    log({ type: 'sealing:error', ...describeError(error, folder, 'SEALING_FAILED') })
  }

  /** Says again what may have been lost between the sectors' tables and the deals'. */
  function reconcile(): void {
    for (const sector of store.inStates('filling')) deals.assign(dealIdsOf(sector), sector.number)
    for (const sector of unfinished()) {
      deals.assign(dealIdsOf(sector), sector.number)
      for (const dealId of dealIdsOf(sector)) deals.setState(dealId, isIn(sector, 'proving') ? 'active' : 'sealing')
      run(sector.number)
    }
    for (const sector of store.inStates('failed')) {
      if (!isIn(sector, 'failed') || sector.phase.cleaned) continue
      track(sector.number, dropLost(context, sector))
    }
  }

  function unfinished(): Sector[] {
    const sealing = store.inStates('sealing', 'sealed', 'precommitting', 'precommitted', 'committing')
    return [...sealing, ...store.unfinalized()]
  }

  function startProving(): void {
    background ??= Promise.all([proving.run(stopping.signal).catch(report), forgetMessages(stopping.signal)])
  }

  /** A kill between a block and the store leaves a message that nobody may ask about again. */
  async function forgetMessages(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await outbox.forgetDecided({ signal }).catch((error) => (signal.aborted ? undefined : report(error)))
      await sleep(FORGET_INTERVAL_MS, signal).catch(() => {})
    }
  }

  return {
    startProving,
    hasReplicas: () => store.countIn('proving') > 0,
    start: () => {
      if (isStarted) return
      isStarted = true
      startProving()
      reconcile()
      plan()
    },
    stop: async () => {
      stopping.abort(new DOMException('the provider is stopping', 'AbortError'))
      clearTimeout(timer)
      await Promise.all([background, ...[...running.values()].map(({ done }) => done)])
    },
    retry,
    abandon,
    nudge: plan,
    // One at a time: each takes the memory of sealing, and who proves goes first.
    unsealPiece: (pieceCid, out, signal) =>
      unsealing.run('unseal', () => unsealFromReplica(context, pieceCid, out, signal)),
  }
}

function sizeOf({ name, sectorBytes }: NamedProfile): SectorSize {
  return { profile: name, sectorBytes }
}
