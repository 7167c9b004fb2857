/**
 * Looks after the sectors that are proven. Each is proven alone after a start, and then at random times, about twice a
 * proving period; what fails is made whole: its tree from the replica, or the replica from its pieces, in that order of
 * cost. What cannot be is declared, and asked for no more until it can.
 */
import { sleep } from '@granary/base'
import { describeError } from '../describe-error.ts'
import { dropLeftover } from '../sealing/replace-replica.ts'
import { sectorDir } from '../sealing/seal-context.ts'
import { isIn, type SectorIn } from '../sectors/sector.ts'
import { declareFaults } from './declare-faults.ts'
import type { ProvingContext } from './proving-context.ts'
import { sealAgain } from './seal-again.ts'
import type { SelfCheckInput } from './self-check.ts'

const CHECKS_A_PERIOD = 2
const PAUSE_MIN_MS = 1_000
const PAUSE_MAX_MS = 600_000
const PERIOD_UNKNOWN_MS = 3_600_000
const AGAIN_MIN_MS = 5_000
const AGAIN_MAX_MS = 600_000
const FAILED = 'PROVING_FAILED'

export async function keepSectors(context: ProvingContext, signal: AbortSignal): Promise<void> {
  const { health, log, folder } = context
  let resealing: Promise<void> | undefined
  const failures = new Map<number, { readonly count: number; readonly retryAtMs: number }>()

  function reseal(): void {
    if (resealing !== undefined) return
    const lost = health
      .list()
      .find(({ number, isLost }) => isLost && (failures.get(number)?.retryAtMs ?? 0) <= Date.now())
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

  const unchecked = context.store.numbersIn('proving')
  while (!signal.aborted) {
    try {
      await mendTrees(context, signal)
      // A declaration that is not taken (the chain is away, nothing pays its fee) holds up nothing else.
      await declareFaults(context, signal).catch(report)
      reseal()
      const number = unchecked.shift() ?? (await pauseAndPick(context, signal))
      if (number === undefined || !(await checkSector(context, number, signal))) continue
      // Only what is damaged is sealed again.
      if (!health.isDamaged(number)) await dropLeftover(context, number)
    } catch (error) {
      report(error)
      await sleep(PAUSE_MIN_MS, signal).catch(() => {})
    }
  }
  await resealing
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

/** Reads the whole replica of each damaged sector once: it is mended, or it is lost. */
async function mendTrees(context: ProvingContext, signal: AbortSignal): Promise<void> {
  const { health, prover, log, folder, store } = context
  for (const { number, isLost } of health.list()) {
    const sector = provenSector(context, number)
    // The chain is done with it. One that it counts on, and that is on its way back here, stays damaged until it is.
    if (store.has(number) && isIn(store.get(number), 'expired', 'terminated')) health.mended(number)
    if (sector === undefined || isLost) continue
    try {
      await prover.repairTree(checkInput(context, sector), signal)
      health.mended(number)
      log({ type: 'sector:mended', sector: number, by: 'tree' })
    } catch (error) {
      signal.throwIfAborted()
      health.lost(number, describeError(error, folder, FAILED).message)
    }
  }
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

/** Until a random time, or the next damage; then any sector, or none when there is something else to do. */
async function pauseAndPick(context: ProvingContext, signal: AbortSignal): Promise<number | undefined> {
  const { health, store } = context
  const meanMs = (await periodMs(context, signal)) / CHECKS_A_PERIOD / Math.max(1, store.countIn('proving'))
  const pauseMs = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, 2 * meanMs * Math.random()))
  const waking = new AbortController()
  const stop = (): void => waking.abort()
  signal.addEventListener('abort', stop, { once: true })
  // What waits for the next try is not kept waiting by a long period.
  const untilMs = health.list().length > 0 ? Math.min(pauseMs, AGAIN_MIN_MS) : pauseMs
  const slept = await Promise.race([
    sleep(untilMs, waking.signal).then(
      () => true,
      () => false,
    ),
    health.nextDamage().then(() => false),
  ])
  waking.abort()
  signal.removeEventListener('abort', stop)
  return slept ? store.nextIn('proving', Math.floor(Math.random() * store.nextNumber())) : undefined
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

function checkInput(context: ProvingContext, { number, phase }: SectorIn<'proving'>): SelfCheckInput {
  const sector = { number, commR: phase.commR, dir: sectorDir(context, number) }
  return { profile: context.profile.name, provider: context.providerId, sector }
}
