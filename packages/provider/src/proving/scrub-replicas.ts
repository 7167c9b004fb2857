/**
 * Disks forget. Samples find a replica of which a tenth is gone, and a single bit hardly ever; so each replica is read whole, again and
 * again and slowly, with its treeR. What is found goes the way of every damaged sector (`keep-sectors.ts`): treeR is made again from
 * the replica, or that from its pieces, or it is declared (docs/adr/0095-replicas-are-read-whole.md).
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, pause } from '@granary/base'
import { checkReplica } from '@granary/proofs/seal'
import { describeError } from '../describe-error.ts'
import { profileOf, sectorDir } from '../sealing/seal-context.ts'
import { isIn, type SectorIn } from '../sectors/sector.ts'
import { onEachFolder, whileThere } from '../storage/on-each-folder.ts'
import type { ProvingContext } from './proving-context.ts'
import type { ScrubRecord } from './scrub-record.ts'

export interface ScrubPace {
  /** So long after it was read whole a replica is not read again. */
  readonly againMs: number
  /** Then all of a volume are read within this time. */
  readonly roundMs: number
  /** A small volume is read faster than its round asks for. */
  readonly bytesPerSecondMin: number
  readonly partMaxBytes: number
  /** How much longer than the reading of a part the disk is others'. */
  readonly rest: number
  /** Where nothing is to be read. */
  readonly idleMs: number
}

const DAY_MS = 24 * 60 * 60_000
export const scrubPace: ScrubPace = {
  ...{ againMs: 7 * DAY_MS, roundMs: 21 * DAY_MS },
  ...{ bytesPerSecondMin: 256 * 1024, partMaxBytes: 8 << 20, rest: 9, idleMs: 60_000 },
}

/** Read at once: what a second is to bring, within this and the most that the pace has. */
const PART_MIN_BYTES = 1 << 20
const WAIT_MS = 1_000
/** Of the names in a folder: the more there are, the less often they are listed. */
const LIST_MS_EACH = 5

export interface ReplicaScrub {
  readonly record: ScrubRecord
  /** A challenge is being answered: nothing else is read meanwhile. */
  readonly isAnswering: () => boolean
  readonly pace?: ScrubPace
}

type ScrubContext = Pick<ProvingContext, 'store' | 'volumes' | 'health' | 'late' | 'log' | 'folder' | 'profile'>

export async function scrubReplicas(
  context: ScrubContext,
  { record, isAnswering, pace = scrubPace }: ReplicaScrub,
  signal: AbortSignal,
): Promise<void> {
  const { store, volumes, health, late, log, folder: home } = context

  /** A sector that proves, as far as is known, and lies there. */
  function provenIn(folder: string, number: number): SectorIn<'proving'> | undefined {
    if (!store.has(number) || health.isDamaged(number)) return undefined
    const sector = store.get(number)
    const lies = isIn(sector, 'proving') && sectorDir(context, number) === join(folder, String(number))
    return lies && volumes.awayFor({ kind: 'sector', number }) === undefined ? sector : undefined
  }

  /** Reads those that are due, the ones first that have waited longest. */
  async function readDue(folder: string): Promise<void> {
    const names = await readdir(folder)
    const proven = new Set(store.numbersIn('proving'))
    const numbers = names.map(Number).filter((number) => proven.has(number))
    const rate = Math.max(pace.bytesPerSecondMin, (1_000 * bytesOf(numbers)) / pace.roundMs)
    const since = (number: number): number => record.readAtMs(number) ?? Number.NEGATIVE_INFINITY
    const due = numbers.filter((number) => since(number) + pace.againMs <= Date.now())
    const isBegun = (number: number): number => Number(record.next(number) > 0)
    const sorted = due.toSorted((a, b) => isBegun(b) - isBegun(a) || since(a) - since(b))
    for (const number of sorted) {
      if (signal.aborted || !volumes.foldersOf('sector').includes(folder)) return
      while (await readPart(folder, number, rate));
    }
    await pause(Math.max(pace.idleMs, names.length * LIST_MS_EACH), signal)
  }

  /** By the sizes of a hundred of them: to look up each of a hundred thousand would hold up others. */
  function bytesOf(numbers: readonly number[]): number {
    const step = Math.ceil(numbers.length / 100)
    const some = numbers.filter((number, index) => index % step === 0 && store.has(number))
    const bytes = some.reduce((sum, number) => sum + profileOf(context, store.get(number)).sectorBytes, 0)
    return (bytes * numbers.length) / Math.max(1, some.length)
  }

  /** @returns whether there is more of it to read */
  async function readPart(folder: string, number: number, rate: number): Promise<boolean> {
    const sector = signal.aborted ? undefined : provenIn(folder, number)
    if (sector === undefined) return false
    if (isAnswering()) {
      await pause(WAIT_MS, signal)
      return true
    }
    const bytes = Math.min(pace.partMaxBytes, Math.max(PART_MIN_BYTES, rate))
    const part = {
      ...{ dir: join(folder, String(number)), sectorNumber: number, commR: fromHex(sector.phase.commR) },
      ...{ from: record.next(number), bytes },
    }
    const beganMs = performance.now()
    const isThere = (): boolean => provenIn(folder, number) !== undefined
    const found = await whileThere(checkReplica(part, { signal }), isThere, signal)
    const tookMs = performance.now() - beganMs
    // What is found of a disk that is going, or of a sector that is over, is no damage.
    if (found === undefined || !isThere()) return false
    const isOver = 'damaged' in found || found.next >= profileOf(context, sector).sectorBytes
    if ('damaged' in found) tellDamage(number, found.damaged)
    else if (isOver) {
      record.readWhole(number)
      log({ type: 'replica:read', sector: number })
    } else record.reached(number, found.next)
    await pause(Math.max((1_000 * bytes) / rate - tookMs, pace.rest * tookMs), signal)
    return !isOver
  }

  function tellDamage(number: number, reason: string): void {
    record.reached(number, 0)
    log({
      ...{ type: 'replica:damaged', level: 'warn', sector: number, message: reason },
      hint: 'it is made whole by itself if it can be; a disk that damages one damages more: look at it',
    })
    late.write(() => store.note(number, `its replica was read whole: ${reason}`))
    health.damaged(number, reason)
  }

  async function line(folder: string): Promise<void> {
    try {
      await readDue(folder)
    } catch (error) {
      if (signal.aborted) return
      log({ type: 'sealing:error', ...describeError(error, home, 'PROVING_FAILED') })
      await pause(pace.idleMs, signal)
    }
  }

  const proven = (): readonly number[] => store.numbersIn('proving')
  await onEachFolder(
    { folders: () => volumes.foldersOf('sector'), work: line, between: () => record.save(proven) },
    signal,
  )
  await record.save(proven, true)
}
