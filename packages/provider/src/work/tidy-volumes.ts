/**
 * Brings what lies on a volume that is not for it to one that is: a sector that is proven away from where it was sealed, and all of
 * a volume that is drained. What was moved away is removed a while later, and only where the store, the manifests and the
 * sizes of all files say that nothing is lost with it.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError, toHex } from '@granary/base'
import { commitPieceFile } from '@granary/proofs/piece/node'
import { readSector } from '@granary/proofs/seal'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { DealStore } from '../deals/deal-store.ts'
import type { Log } from '../log.ts'
import { isIn } from '../sectors/sector.ts'
import type { SectorStore } from '../sectors/store.ts'
import type { KeyedLock } from '../storage/keyed-lock.ts'
import type { StoredItem, VolumeRole, Volumes } from '../storage/volumes.ts'

export interface TidyContext {
  readonly volumes: Volumes
  readonly sectors: Pick<SectorStore, 'has' | 'get'>
  readonly deals: Pick<DealStore, 'hasPiece'>
  /** Of pieces, by their CIDs. */
  readonly lock: KeyedLock
  readonly onPieceMoved: (pieceCid: string) => void
  readonly log: Log
  readonly nowMs?: () => number
}

export async function tidyVolumes(context: TidyContext, signal: AbortSignal): Promise<void> {
  const { volumes, nowMs = Date.now } = context
  await moveAll(context, 'sector', 'replicas', signal)
  await moveAll(context, 'piece', 'unsealed', signal)
  await volumes.sweepMoved((item, moved) => isSpare(context, item, moved), nowMs())
}

async function moveAll(
  { volumes, sectors, deals, lock, onPieceMoved, log }: TidyContext,
  kind: 'sector' | 'piece',
  role: VolumeRole,
  signal: AbortSignal,
): Promise<void> {
  for (const item of volumes.misplaced(kind, role)) {
    if (signal.aborted) return
    const isWanted = (): boolean => isWhole(item, { sectors, deals })
    if (!isWanted()) continue
    try {
      const key = item.kind === 'piece' ? `piece:${item.pieceCid}` : `sector:${keyOf(item)}`
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
function isWhole(item: StoredItem, { sectors, deals }: Pick<TidyContext, 'sectors' | 'deals'>): boolean {
  if (item.kind === 'piece') return deals.hasPiece(item.pieceCid)
  if (item.kind !== 'sector' || !sectors.has(item.number)) return false
  const sector = sectors.get(item.number)
  return isIn(sector, 'proving') && sector.phase.finalized
}

/** @param moved where it lay */
async function isSpare(context: TidyContext, item: StoredItem, moved: string): Promise<boolean> {
  const { volumes, sectors, deals } = context
  const place = volumes.pathOf(item)
  if (item.kind === 'piece') {
    if (!deals.hasPiece(item.pieceCid)) return true
    return (await commitPieceFile(place).then(pieceCidV2, () => undefined)) === item.pieceCid
  }
  if (item.kind !== 'sector' || !sectors.has(item.number)) return false
  const sector = sectors.get(item.number)
  if (isIn(sector, 'expired', 'terminated', 'failed')) return sector.phase.cleaned
  if (!isIn(sector, 'proving') || !sector.phase.finalized) return false
  const [before, now] = await Promise.all(
    [readSector(moved), readSector(place)].map((read) => read.catch(() => undefined)),
  )
  if (before?.state !== 'finalized' || now?.state !== 'finalized') return false
  return toHex(before.ticket) === toHex(now.ticket) && (await holdsAllOf(moved, place))
}

async function holdsAllOf(moved: string, place: string): Promise<boolean> {
  for (const name of await readdir(moved)) {
    const [before, now] = await Promise.all([stat(join(moved, name)), stat(join(place, name)).catch(() => undefined)])
    if (before.isFile() && before.size !== now?.size) return false
  }
  return true
}

function keyOf(item: StoredItem): string {
  if (item.kind === 'sector') return `sector ${item.number}`
  return item.kind === 'piece' ? `piece ${item.pieceCid}` : `upload ${item.uploadId}`
}
