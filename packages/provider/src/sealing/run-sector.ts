/**
 * Drives one sector as far as sealing goes. A failure is written down and tried again later, a bounded number of times;
 * a node that is away or a full disk does not count; what cannot be mended ends the sector and frees its deals. Sectors
 * never wait for each other.
 */
import { factsOf, GranaryError, sleep } from '@granary/base'
import { type DescribedError, describeError } from '../describe-error.ts'
import { JobFailedError } from '../queue/job-queue.ts'
import type { SealingLog } from '../sectors/sealing-log.ts'
import { dealIdsOf, isIn, type Sector } from '../sectors/sector.ts'
import { forgotten, holdsReplica, keepSectorFolder, onlyCopy, removeSectorFolder } from '../sectors/sector-folders.ts'
import { diskFault } from '../storage/disk-fault.ts'
import { VolumesFullError } from '../storage/volume-rooms.ts'
import { advanceSector } from './advance-sector.ts'
import { isBehind, type SealContext, SectorLostError } from './seal-context.ts'

export interface RetryLimits {
  readonly failuresMax: number
  readonly waitMinMs: number
  readonly waitMaxMs: number
}

export const defaultRetryLimits: RetryLimits = { failuresMax: 8, waitMinMs: 1_000, waitMaxMs: 60_000 }

export async function runSector(
  context: SealContext & { readonly log: SealingLog; readonly retry: RetryLimits },
  number: number,
  signal: AbortSignal,
): Promise<void> {
  const { store, log, retry } = context
  let outages = 0
  let sector = store.get(number)
  while (!signal.aborted) {
    try {
      await sleep(Math.max(0, Math.min(sector.retryAtMs - Date.now(), retry.waitMaxMs)), signal)
      const step = advanceSector(context, sector, signal)
      if (step === undefined) return
      const before = sector.phase
      sector = await step
      outages = 0
      clearWants(context, number)
      if (sector.phase.state !== before.state) log({ type: 'sector:moved', sector: number, state: sector.phase.state })
    } catch (thrown) {
      if (signal.aborted) return
      const error = diskFault(thrown, context.folder) ?? thrown
      const failure = describeError(error, context.folder, 'SEALING_FAILED')
      sector = store.get(number)
      const isLastTry = sector.failures + 1 >= retry.failuresMax && mayGiveUp(sector)
      const isOver = isFinal(error, sector) || (!isOutage(error) && isLastTry)
      if (isOver && (await isCertain(context, error, number, signal))) return await loseSector(context, sector, failure)
      const outage = isOver || isOutage(error)
      outages += outage ? 1 : 0
      const failures = outage ? outages : sector.failures + 1
      if (outage) raiseWant(context, sector, error, failure)
      const inMs = Math.min(retry.waitMinMs * 2 ** (failures - 1), retry.waitMaxMs)
      log({ type: 'sector:retry', sector: number, state: sector.phase.state, ...failure, inMs })
      if (outage) await sleep(inMs, signal).catch(() => {})
      else sector = store.failed(number, Date.now() + inMs, `${failure.code}: ${failure.message}`)
    }
  }
}

/** Ends a sector that came to nothing. */
async function loseSector(
  context: SealContext & { readonly log: SealingLog },
  { number, phase }: Sector,
  { code, message, hint }: DescribedError,
): Promise<void> {
  const { store, deals, log } = context
  const ticket = 'ticket' in phase ? (phase.ticket ?? undefined) : undefined
  const failed = store.move(number, phase.state, { state: 'failed', code, message, cleaned: false, ticket })
  log({ type: 'sector:failed', sector: number, code, message, hint })
  deals.record(dealIdsOf(failed), { type: 'failed', data: { sector: number, code, message } })
  await dropLost(context, failed)
}

/** The files of a failed sector, and its hold on its deals; safe to repeat after a kill. */
export async function dropLost(context: SealContext, sector: Sector): Promise<void> {
  const { store, deals, securePieces } = context
  const { number } = sector
  if (!isIn(sector, 'failed')) return
  const { code, ticket } = sector.phase
  const isSafe = await securePieces(sector.pieces.map(({ pieceCid }) => pieceCid))
  // Without a ticket it has written nothing: what lies under its number is another's.
  if (code === 'CHAIN_ROLLED_BACK') await keepSectorFolder(context, number, forgotten)
  else if (!isSafe && (await holdsReplica(context, number))) await keepSectorFolder(context, number, onlyCopy)
  else if (ticket !== undefined) await removeSectorFolder(context, number, ticket.randomness)
  deals.unassign(dealIdsOf(sector))
  clearWants(context, number)
  store.move(number, 'failed', { ...sector.phase, cleaned: true })
}

/** Once it is on the chain its deals are bound to it until the window closes: nothing is won by giving up earlier. */
function mayGiveUp(sector: Sector): boolean {
  return isIn(sector, 'sealing', 'sealed', 'precommitting')
}

/** That it is lost is what a node at the height of the chain says; and that its time to be proven is over, what the chain has signed. */
async function isCertain(context: SealContext, error: unknown, number: number, signal: AbortSignal): Promise<boolean> {
  if (await isBehind(context, signal)) return false
  const isMissed = error instanceof SectorLostError && error.code === 'COMMIT_WINDOW_MISSED'
  return !isMissed || (await context.ends.isSectorOver(number, context.head.height(), signal))
}

/** Trying again would give the same answer. */
function isFinal(error: unknown, sector: Sector): boolean {
  return error instanceof SectorLostError || (error instanceof JobFailedError && !error.retryable && mayGiveUp(sector))
}

/**
 * The chain is away, behind, or not there yet, or another one answers in its place; or this provider lacks what its owner
 * can give it: room, memory, money. Giving up would cost the deal's collateral, waiting costs nothing.
 */
function isOutage(error: unknown): boolean {
  if (!GranaryError.is(error)) return false
  const facts = factsOf(error.code)
  return facts?.outage === true && (error.retryable || facts.retryable !== true)
}

/** What a sector waits for until the owner has seen to it; then it goes on by itself. */
const wants = {
  INSUFFICIENT_FUNDS: {
    what: 'is sealed and waits for money',
    hint: "send money to the provider's account for its fees; the sector goes on by itself",
  },
  INSUFFICIENT_COLLATERAL: {
    what: 'is sealed and waits for money',
    hint: "send that much to the provider's account and raise `collateral`, by `granary provider config set`; the sector goes on by itself",
  },
  DISK_FULL: {
    what: 'waits for room on a disk, and its deals lapse where it finds none',
    hint: 'make room, or add a volume: `granary provider volumes add`; the sector goes on by itself',
  },
} as const
const wantCodes = Object.keys(wants) as (keyof typeof wants)[]

function raiseWant({ alerts }: SealContext, { number }: Sector, error: unknown, failure: DescribedError): void {
  const code = wantCodes.find((each) => each === failure.code)
  // Once the sectors that are being sealed are done it has their room.
  if (code === undefined || (error instanceof VolumesFullError && error.isTaken)) return
  const { what, hint } = wants[code]
  alerts.raise({ code, subject: `sector ${number}`, message: `sector ${number} ${what}: ${failure.message}`, hint })
}

function clearWants({ alerts }: Pick<SealContext, 'alerts'>, number: number): void {
  for (const code of wantCodes) alerts.clear(code, `sector ${number}`)
}
