/**
 * Brings what lies on a volume that is not for it to one that is: a sector that is proven away from where it was sealed, and all of
 * a volume that is drained. What was moved away is removed a while later, and only where the store, the manifests and the
 * bytes of all files say that nothing is lost with it. What lies there and is over goes aside.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError, toHex } from '@granary/base'
import { commitPieceFile } from '@granary/proofs/piece/node'
import { readSector } from '@granary/proofs/seal'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { Alerts } from '../alerts.ts'
import type { DealStore } from '../deals/deal-store.ts'
import type { Log } from '../log.ts'
import { isIn } from '../sectors/sector.ts'
import type { SectorStore } from '../sectors/store.ts'
import type { KeyedLock } from '../storage/keyed-lock.ts'
import { sameBytes } from '../storage/same-bytes.ts'
import { setAside } from '../storage/set-aside.ts'
import type { StoredItem } from '../storage/stored-item.ts'
import type { Verdict, VolumeRole, Volumes } from '../storage/volumes.ts'

export interface TidyContext {
  readonly volumes: Volumes
  readonly sectors: Pick<SectorStore, 'has' | 'get' | 'inStates'>
  readonly deals: Pick<DealStore, 'hasPiece'>
  /** What its sectors' manifests name. */
  readonly providerId: number
  /** Of pieces, by their CIDs. */
  readonly lock: KeyedLock
  /** Whether an alert says so of `sector 7` or `piece baga…`: it is being made whole where it lies. */
  readonly isDamaged: (name: string) => boolean
  readonly onPieceMoved: (pieceCid: string) => void
  readonly alerts: Pick<Alerts, 'raise' | 'clear' | 'list'>
  readonly log: Log
}

export async function tidyVolumes(context: TidyContext, signal: AbortSignal): Promise<void> {
  const { volumes } = context
  await moveAll(context, 'sector', 'replicas', signal)
  await moveAll(context, 'piece', 'unsealed', signal)
  await volumes.sweepMoved((item, moved, place) => judge(context, item, moved, place, signal))
  clearGone(context)
}

/** Its owner has removed it, or its disk is away. */
function clearGone({ alerts, volumes }: TidyContext): void {
  for (const { code, subject = '' } of alerts.list())
    if (code === 'COPY_DIFFERS' && !volumes.exists(subject)) alerts.clear(code, subject)
}

async function moveAll(
  context: TidyContext,
  kind: 'sector' | 'piece',
  role: VolumeRole,
  signal: AbortSignal,
): Promise<void> {
  const { volumes, lock, onPieceMoved, log } = context
  for (const item of volumes.misplaced(kind, role)) {
    if (signal.aborted) return
    const isWanted = (): boolean => isWhole(item, context)
    try {
      const key = item.kind === 'piece' ? `piece:${item.pieceCid}` : `sector:${keyOf(item)}`
      if (!isWanted()) {
        await lock.run(key, () => dropOver(context, item))
        continue
      }
      await lock.run(key, () => volumes.move(item, role, isWanted))
      log({ type: 'volume:moved', item: keyOf(item), to: volumes.pathOf(item) })
      if (item.kind === 'piece') onPieceMoved(item.pieceCid)
    } catch (error) {
      const hint = GranaryError.is(error) ? error.hint : 'look at both disks; it is tried again'
      log({ type: 'volume:not-moved', level: 'warn', item: keyOf(item), error: String(error), hint })
      // The others would find no room either.
      if (GranaryError.is(error) && error.code === 'DISK_FULL') return
    }
  }
}

/** Nothing writes to it any more, and somebody needs it. */
function isWhole(item: StoredItem, { sectors, deals, isDamaged }: TidyContext): boolean {
  if (isDamaged(keyOf(item))) return false
  if (item.kind === 'piece') return deals.hasPiece(item.pieceCid)
  if (item.kind !== 'sector' || !sectors.has(item.number)) return false
  const sector = sectors.get(item.number)
  return isIn(sector, 'proving') && sector.phase.finalized
}

/** The store has done with it: nobody asks for it again. */
function isOver(item: StoredItem, { sectors, deals }: Pick<TidyContext, 'sectors' | 'deals'>): boolean {
  if (item.kind === 'piece') return !deals.hasPiece(item.pieceCid)
  if (item.kind !== 'sector' || !sectors.has(item.number)) return false
  const sector = sectors.get(item.number)
  return isIn(sector, 'expired', 'terminated', 'failed') && sector.phase.cleaned
}

/** A person has put another provider's sector there: it is not touched. */
async function isForeign({ providerId }: TidyContext, item: StoredItem, path: string): Promise<boolean> {
  if (item.kind !== 'sector') return false
  const found = await readSector(path).catch(() => undefined)
  return found !== undefined && found.provider !== providerId
}

/** It was on a volume that could not be reached when it ended, or was a copy of what ended: kept for a month. */
async function dropOver(context: TidyContext, item: StoredItem): Promise<void> {
  const path = context.volumes.pathOf(item)
  if (await isForeign(context, item, path)) return
  if (!isOver(item, context) || context.volumes.awayFor(item) !== undefined || !context.volumes.exists(path)) return
  const to = await setAside(path)
  context.log({ type: 'volume:set-aside', item: keyOf(item), to })
}

/**
 * @param moved where it lay
 * @param place where it lies
 */
async function judge(
  context: TidyContext,
  item: StoredItem,
  moved: string,
  place: string | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  if (await isForeign(context, item, moved)) return 'needed'
  if (isOver(item, context)) return 'over'
  if (place === undefined || (item.kind === 'piece' && isBeingSealed(context.sectors, item.pieceCid))) return 'needed'
  if (await isSame(context, item, moved, place, signal)) {
    context.alerts.clear('COPY_DIFFERS', moved)
    return 'spare'
  }
  context.alerts.raise({
    code: 'COPY_DIFFERS',
    subject: moved,
    message: `${keyOf(item)} was moved to ${place}, and that is not what ${moved} is: both are kept`,
    hint: 'the one that it was moved to is proven and served: look at its disk, and at `granary provider proving check`. Once that is sound the other may be removed; it is compared again every ten minutes',
  })
  return 'needed'
}

async function isSame(
  { sectors }: TidyContext,
  item: StoredItem,
  moved: string,
  place: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (item.kind === 'piece')
    return (await commitPieceFile(place, { signal }).then(pieceCidV2, () => undefined)) === item.pieceCid
  if (item.kind !== 'sector' || !sectors.has(item.number)) return false
  const sector = sectors.get(item.number)
  if (!isIn(sector, 'proving') || !sector.phase.finalized) return false
  const [before, now] = await Promise.all(
    [readSector(moved), readSector(place)].map((read) => read.catch(() => undefined)),
  )
  if (before?.state !== 'finalized' || now?.state !== 'finalized') return false
  return toHex(before.ticket) === toHex(now.ticket) && (await holdsAllOf(moved, place, signal))
}

/** A sealing that waits for its turn has been told where its pieces lie. */
function isBeingSealed(sectors: TidyContext['sectors'], pieceCid: string): boolean {
  return sectors.inStates('sealing').some(({ pieces }) => pieces.some((piece) => piece.pieceCid === pieceCid))
}

/** Manifests have been read; one that was written anew says the same in other words. */
async function holdsAllOf(moved: string, place: string, signal: AbortSignal): Promise<boolean> {
  const names: string[] = []
  for (const name of await readdir(moved)) {
    const [before, now] = await Promise.all([stat(join(moved, name)), stat(join(place, name)).catch(() => undefined)])
    if (!before.isFile()) continue
    if (before.size !== now?.size) return false
    if (!name.endsWith('.json')) names.push(name)
  }
  for (const name of names)
    if (!(await sameBytes(join(moved, name), join(place, name), signal).catch(() => false))) return false
  return true
}

function keyOf(item: StoredItem): string {
  if (item.kind === 'sector') return `sector ${item.number}`
  return item.kind === 'piece' ? `piece ${item.pieceCid}` : `upload ${item.uploadId}`
}
