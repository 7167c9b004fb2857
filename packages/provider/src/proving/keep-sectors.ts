/**
 * Looks after the sectors that are proven. After a start, and then at random times, twice a proving period at the least, each
 * partition answers a challenge that is made up for it; each sector is proven alone once a week at the least. What fails is
 * made whole: its tree from the replica, or the replica from its pieces, in that order of cost. What cannot be is declared,
 * and asked for no more until it can.
 */
import { randomBytes } from 'node:crypto'
import { pause, sleep, toHex } from '@granary/base'
import { describeError } from '../describe-error.ts'
import { dropLeftover } from '../sealing/replace-replica.ts'
import { profileOf, sectorDir } from '../sealing/seal-context.ts'
import { isIn, type SectorIn } from '../sectors/sector.ts'
import { declareFaults } from './declare-faults.ts'
import type { ProvingContext } from './proving-context.ts'
import { sealAgain } from './seal-again.ts'
import type { SelfCheckInput } from './self-check.ts'
import { type VolumeWatch, watchVolumes } from './watch-volumes.ts'

const CHECKS_A_PERIOD = 2
const SECTOR_ROUND_MS = 7 * 24 * 60 * 60_000
/** Samples of a made-up challenge: as many as a real one has. */
const SAMPLES = 80
/** Proven alone at once after a start; of more than these the others wait for their turn. */
const FIRST_CHECKS_MAX = 1_000
/** What passes as many has lost less than half a percent, nine times in ten: to declare it costs more than what a challenge may find. */
const CHECKS_BEFORE_SEALING = 8
const PAUSE_MIN_MS = 1_000
const LOOK_AROUND_MS = 5_000
const PERIOD_UNKNOWN_MS = 3_600_000
/** A chain's parameters change seldom. */
const PERIOD_ASKED_EVERY_MS = 600_000
/** Between two looks at which partitions there are, for each of them: what is read does not grow with them. */
const LOOK_MS_A_PARTITION = 35
const AGAIN_MIN_MS = 5_000
const AGAIN_MAX_MS = 600_000
const FAILED = 'PROVING_FAILED'

export async function keepSectors(context: ProvingContext, signal: AbortSignal): Promise<void> {
  const { health, readiness, log, folder } = context
  let resealing: Promise<void> | undefined
  const failures = new Map<number, { readonly count: number; readonly retryAtMs: number }>()
  const volumes = watchVolumes(context)

  function reseal(): void {
    if (resealing !== undefined) return
    const lost = health
      .list()
      .find(
        ({ number, isLost }) =>
          isLost && !volumes.holds(number) && (failures.get(number)?.retryAtMs ?? 0) <= Date.now(),
      )
    const next = lost && provenSector(context, lost.number)
    if (next === undefined) return
    resealing = mendReplica(context, next, failures.has(next.number), signal)
      .then((by) => {
        failures.delete(next.number)
        health.mended(next.number)
        log({ type: 'sector:mended', sector: next.number, by })
      })
      .catch((error: unknown) => {
        if (signal.aborted) return
        const count = (failures.get(next.number)?.count ?? 0) + 1
        const inMs = Math.min(AGAIN_MIN_MS * 2 ** (count - 1), AGAIN_MAX_MS)
        failures.set(next.number, { count, retryAtMs: Date.now() + inMs })
        const failure = describeError(error, folder, FAILED)
        health.lost(next.number, failure.message)
        log({ type: 'sector:retry', sector: next.number, state: 'proving', ...failure, inMs })
      })
      .finally(() => {
        resealing = undefined
      })
  }

  function report(error: unknown): void {
    if (!signal.aborted) log({ type: 'sealing:error', ...describeError(error, folder, FAILED) })
  }

  const due = startSchedule(context)
  const kept = keptFacts(context)

  /** Stands apart: to read replicas takes hours, and what it costs that a volume is away grows with each epoch. */
  async function keepWatch(): Promise<void> {
    let waking = new AbortController()
    const unlisten = health.onChange(() => waking.abort())
    while (!signal.aborted) {
      waking = new AbortController()
      try {
        const partitions = volumes.look().flatMap((number) => provenSector(context, number)?.phase.partition ?? [])
        due.unshift(...[...new Set(partitions)].map((partition) => ({ partition })))
        await declareFaults(context, signal)
      } catch (error) {
        report(error)
      }
      await pause(LOOK_AROUND_MS, AbortSignal.any([signal, waking.signal]))
    }
    unlisten()
  }

  const watching = keepWatch()
  while (!signal.aborted) {
    try {
      await mendTrees(context, volumes, signal)
      reseal()
      await readiness.save(health.list())
      const next = due.shift() ?? (await pauseAndPick(context, kept, signal))
      if (next === undefined) continue
      if ('partition' in next) {
        await rehearse(context, next.partition, signal)
        continue
      }
      const { sector } = next
      readiness.sectorChecked(sector)
      kept.sectorAtMs = Date.now()
      // Only what is damaged is sealed again.
      if ((await checkSector(context, sector, signal)) && !health.isDamaged(sector)) await dropLeftover(context, sector)
    } catch (error) {
      report(error)
      await sleep(PAUSE_MIN_MS, signal).catch(() => {})
    }
  }
  await Promise.all([resealing, watching])
}

type Due = { readonly partition: number } | { readonly sector: number }

/** Partitions first: of a small provider they find all that is damaged at once. */
function startSchedule({ store, readiness }: ProvingContext): Due[] {
  const numbers = store.numbersIn('proving')
  const from = numbers.findIndex((number) => number > readiness.sectorCursor())
  const turned = from === -1 ? numbers : [...numbers.slice(from), ...numbers.slice(0, from)]
  return [
    ...store.partitions().map((partition) => ({ partition })),
    ...turned.slice(0, FIRST_CHECKS_MAX).map((sector) => ({ sector })),
  ]
}

/** Its sectors answer a challenge of the provider's own together, as they will have to answer the chain's. */
export async function rehearse(context: ProvingContext, partition: number, signal: AbortSignal): Promise<void> {
  const { store, health, prover, readiness, providerId: provider } = context
  const inputs = store.inPartition(partition).flatMap((number) => {
    const sector = health.isDamaged(number) ? undefined : provenSector(context, number)
    return sector === undefined ? [] : [checkInput(context, sector)]
  })
  // A partition is of one profile.
  const [first] = inputs
  const sectors = inputs.map(({ sector }) => sector)
  if (first === undefined)
    return readiness.checked({ partition, atMs: Date.now(), tookMs: 0, failed: store.inPartition(partition) })
  const randomness = toHex(randomBytes(32))
  const made = { profile: first.profile, provider, partition, randomness, count: SAMPLES, sectors, skipped: [] }
  const result = await prover.rehearse(made, signal)
  const damaged = 'damaged' in result ? result.damaged : []
  for (const { number, reason } of damaged)
    if (provenSector(context, number) !== undefined) health.damaged(number, reason)
  readiness.checked({
    ...{ partition, atMs: Date.now(), failed: damaged.map(({ number }) => number) },
    tookMs: 'damaged' in result ? 0 : result.proveMs,
  })
}

/** Whether it proves alone now; what does not is looked after from here on. */
export async function checkSector(context: ProvingContext, number: number, signal: AbortSignal): Promise<boolean> {
  const { health, prover } = context
  const sector = provenSector(context, number)
  if (sector === undefined || health.isDamaged(number)) return false
  const reason = await prover.check(checkInput(context, sector), signal)
  if (reason === null) return true
  // The chain may have been done with it meanwhile, and its files are gone as they should be.
  if (provenSector(context, number) !== undefined) health.damaged(number, reason)
  return false
}

/** Reads the whole replica of each damaged sector once: it is mended, or it is lost. One whose volume is away waits for that. */
async function mendTrees(
  context: ProvingContext,
  volumes: Pick<VolumeWatch, 'isAway'>,
  signal: AbortSignal,
): Promise<void> {
  const { health, prover, log, folder, store } = context
  for (const { number, isLost } of health.list()) {
    const sector = provenSector(context, number)
    // The chain is done with it. One that it counts on, and that is on its way back here, stays damaged until it is.
    if (store.has(number) && isIn(store.get(number), 'expired', 'terminated')) health.mended(number)
    if (sector === undefined || isLost || volumes.isAway(number)) continue
    const input = checkInput(context, sector)
    try {
      await prover.repairTree(input, signal)
      health.mended(number)
      log({ type: 'sector:mended', sector: number, by: 'tree' })
    } catch (error) {
      signal.throwIfAborted()
      const proves = await stillProves(context, input, signal)
      // Its disk may have fallen silent, or have answered, since it was looked for.
      const isElsewhere = checkInput(context, sector).sector.dir !== input.sector.dir
      if (isElsewhere || volumes.isAway(number)) continue
      const { message } = describeError(error, folder, FAILED)
      if (proves) health.lostInPart(number, message)
      else health.lost(number, message)
    }
  }
}

/** In many more samples than a challenge has: where one has found the damage, it is found here. */
async function stillProves({ prover }: ProvingContext, input: SelfCheckInput, signal: AbortSignal): Promise<boolean> {
  for (let times = 0; times < CHECKS_BEFORE_SEALING; times += 1) {
    const reason = await prover.check(input, signal).catch(() => 'it was not read')
    signal.throwIfAborted()
    if (reason !== null) return false
  }
  return true
}

/** Its owner may have brought the folder back since the last try. */
async function mendReplica(
  context: ProvingContext,
  sector: SectorIn<'proving'>,
  isRetry: boolean,
  signal: AbortSignal,
): Promise<'tree' | 'sealing'> {
  if (isRetry) {
    try {
      await context.prover.repairTree(checkInput(context, sector), signal)
      return 'tree'
    } catch {
      signal.throwIfAborted()
    }
  }
  await sealAgain(context, sector, signal)
  return 'sealing'
}

/** What is known for a while, since to ask for it takes longer the more there are, or is a question to the chain. */
interface KeptFacts {
  /** When the last sector was proven alone; at first, when it was begun to look after them. */
  sectorAtMs: number
  partitions(): readonly number[]
  sectors(): number
  periodMs(signal: AbortSignal): Promise<number>
}

function keptFacts(context: ProvingContext): KeptFacts {
  let partitions: readonly number[] = []
  let sectors = 0
  let lookAtMs = 0
  let period = PERIOD_UNKNOWN_MS
  let askAtMs = 0
  function look(): void {
    if (Date.now() < lookAtMs) return
    partitions = context.store.partitions()
    sectors = context.store.countIn('proving')
    lookAtMs = Date.now() + partitions.length * LOOK_MS_A_PARTITION
  }
  return {
    sectorAtMs: Date.now(),
    partitions: () => {
      look()
      return partitions
    },
    sectors: () => {
      look()
      return sectors
    },
    periodMs: async (signal) => {
      if (Date.now() < askAtMs) return period
      period = await periodMs(context, signal)
      askAtMs = Date.now() + (period === PERIOD_UNKNOWN_MS ? LOOK_AROUND_MS : PERIOD_ASKED_EVERY_MS)
      return period
    },
  }
}

/** Until a random time, until one is due, or the next damage; then what is next, or nothing when there is something else to do. */
async function pauseAndPick(context: ProvingContext, kept: KeptFacts, signal: AbortSignal): Promise<Due | undefined> {
  const { health } = context
  const partitionEveryMs = (await kept.periodMs(signal)) / CHECKS_A_PERIOD
  const sectorEveryMs = SECTOR_ROUND_MS / kept.sectors()
  const partition = stalest(context, kept)
  const partitionDueMs = (partition?.atMs ?? Number.POSITIVE_INFINITY) + partitionEveryMs
  const sectorDueMs = kept.sectorAtMs + sectorEveryMs
  const untilDueMs = Math.min(partitionDueMs, sectorDueMs) - Date.now()
  const nextSector = (): Due | undefined => sectorAfterLast(context)
  if (untilDueMs <= 0) return partitionDueMs <= Date.now() ? partition : nextSector()
  // By the millisecond; of two sorts of checks that come at random times one after the other.
  const ofPartitions = kept.partitions().length / partitionEveryMs
  const ofSectors = 1 / sectorEveryMs
  // At random times that do not remember: who was waked, and waits anew, is no later for it.
  const wantedMs = Math.max(PAUSE_MIN_MS, -Math.log(1 - Math.random()) / (ofPartitions + ofSectors))
  const pauseMs = Math.min(LOOK_AROUND_MS, wantedMs, untilDueMs)
  const waking = new AbortController()
  const unlisten = health.onChange(() => waking.abort())
  const slept = await sleep(pauseMs, AbortSignal.any([signal, waking.signal])).then(
    () => true,
    () => false,
  )
  unlisten()
  if (!slept || pauseMs < wantedMs) return undefined
  return Math.random() * (ofPartitions + ofSectors) < ofPartitions ? partition : nextSector()
}

/** The one that has waited longest for a rehearsal. */
function stalest({ readiness }: ProvingContext, kept: KeptFacts): { partition: number; atMs: number } | undefined {
  return kept
    .partitions()
    .map((partition) => ({ partition, atMs: readiness.checkedAtMs(partition) ?? Number.NEGATIVE_INFINITY }))
    .reduce<{ partition: number; atMs: number } | undefined>(
      (found, each) => (found === undefined || each.atMs < found.atMs ? each : found),
      undefined,
    )
}

function sectorAfterLast({ store, readiness }: ProvingContext): Due | undefined {
  const sector = store.nextIn('proving', readiness.sectorCursor() + 1)
  return sector === undefined ? undefined : { sector }
}

/** A node that is away is said by those who need it; here an hour does as well. */
async function periodMs({ chain }: ProvingContext, signal: AbortSignal): Promise<number> {
  try {
    const [status, params] = await Promise.all([chain.status({ signal }), chain.params({ signal })])
    return status.blockTimeMs * params.provingPeriod
  } catch {
    signal.throwIfAborted()
    return PERIOD_UNKNOWN_MS
  }
}

function provenSector({ store }: ProvingContext, number: number): SectorIn<'proving'> | undefined {
  const sector = store.has(number) ? store.get(number) : undefined
  return sector !== undefined && isIn(sector, 'proving') ? sector : undefined
}

function checkInput(context: ProvingContext, proven: SectorIn<'proving'>): SelfCheckInput {
  const { number, phase } = proven
  const sector = { number, commR: phase.commR, dir: sectorDir(context, number) }
  return { profile: profileOf(context, proven).name, provider: context.providerId, sector }
}
