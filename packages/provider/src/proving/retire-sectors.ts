/**
 * Sectors that the chain does not count on any more. Once it says that one is over and each of its deals is settled, and
 * not before, its files go; one whose proof it has forgotten is taken back to be proven again.
 */
import { GranaryError } from '@granary/base'
import type { SectorView } from '@granary/protocol/client'
import { isBehind, sectorOnChain } from '../sealing/seal-context.ts'
import { dealIdsOf, isIn, type SectorIn } from '../sectors/sector.ts'
import { keepSectorFolder, onlyCopy, removeSectorFolder } from '../sectors/sector-folders.ts'
import type { ProvingContext } from './proving-context.ts'
import { isSettled, settleDeals } from './settle-deals.ts'
import { takeBack } from './take-back.ts'

export interface Ending {
  /** Sectors of which an event said that they are over. */
  readonly named: readonly number[]
  /** The chain's partitions: a sector that is proven with any other is over, or was forgotten. */
  readonly living: readonly number[]
  /** Those of them whose members are compared with the store: it finds what no event told. */
  readonly compare: readonly number[]
}

/** @returns those that are over by the chain's node, and not, or not yet, by its signed state: they are to be named again */
export async function retireSectors(
  context: ProvingContext,
  { named, living, compare }: Ending,
  signal: AbortSignal,
): Promise<number[]> {
  const { store, volumes, head, ends, log, securePieces } = context
  const unproven: number[] = []
  const missing = strays(context, living)
  for (const partition of compare) missing.push(...(await notMembers(context, partition, signal)))
  for (const number of new Set([...named, ...store.endingBy(head.height()), ...missing])) {
    const sector = store.has(number) ? store.get(number) : undefined
    if (sector === undefined || !isIn(sector, 'proving') || !sector.phase.finalized) continue
    const view = await viewOf(context, number, signal)
    if (view?.state === 'precommitted') await takeBack(context, sector, view, signal)
    if (view?.state === 'active' || view?.state === 'faulty') {
      ends.goesOn('sector', number)
      noteExtension(context, sector, view)
    }
    if (view?.state !== 'expired' && view?.state !== 'terminated') continue
    if (await isBehind(context, signal)) continue
    if (!(await ends.isSectorOver(number, head.height(), signal))) {
      unproven.push(number)
      continue
    }
    store.move(number, 'proving', { state: view.state, cleaned: false })
    log({ type: 'sector:moved', sector: number, state: view.state })
  }
  for (const sector of store.uncleaned()) {
    if (!isIn(sector, 'expired', 'terminated')) continue
    // Its files are removed when its volume is there again.
    if (volumes.awayFor({ kind: 'sector', number: sector.number }) !== undefined) continue
    if (await isCountedOn(context, sector, signal)) continue
    const views = await settleDeals(context, dealIdsOf(sector), signal)
    if (!views.every(isSettled) || (await isBehind(context, signal))) continue
    if (await securePieces(sector.pieces.map(({ pieceCid }) => pieceCid)))
      await removeSectorFolder(context, sector.number)
    else await keepSectorFolder(context, sector.number, onlyCopy)
    store.move(sector.number, sector.phase.state, { state: sector.phase.state, cleaned: true })
    log({ type: 'sector:cleaned', sector: sector.number })
  }
  return unproven
}

/** Sectors that are proven by the store, and stand in that partition no more by the chain. */
async function notMembers(
  { chain, store, providerId: provider }: ProvingContext,
  partition: number,
  signal: AbortSignal,
): Promise<number[]> {
  const stored = store.inPartition(partition)
  if (stored.length === 0) return []
  const members = await Array.fromAsync(chain.members({ provider, partition }, undefined, { signal }))
  const listed = new Set(members.map(({ number }) => number))
  return stored.filter((number) => !listed.has(number))
}

/** Their partition lives no more: all in it are over, or the chain was restored to before it. */
function strays({ store }: ProvingContext, living: readonly number[]): number[] {
  const there = new Set(living)
  return store
    .partitions()
    .filter((partition) => !there.has(partition))
    .flatMap((partition) => store.inPartition(partition))
}

/** Its owner has let it run longer. */
function noteExtension({ store }: ProvingContext, { number, phase }: SectorIn<'proving'>, view: SectorView): void {
  if (view.expiry > phase.expiry) store.move(number, 'proving', { ...phase, expiry: view.expiry })
}

/** The end was that of a chain which is not there any more: it is proven on, and looked after again. */
async function isCountedOn(
  context: ProvingContext,
  { number, phase }: SectorIn<'expired' | 'terminated'>,
  signal: AbortSignal,
): Promise<boolean> {
  const view = await viewOf(context, number, signal)
  if (view?.state !== 'active' && view?.state !== 'faulty') return false
  const { commR, partition, activatedAt, expiry } = view
  if (partition === undefined || activatedAt === undefined) return false
  context.store.move(number, phase.state, { state: 'proving', commR, partition, activatedAt, expiry, finalized: true })
  context.log({ type: 'sector:moved', sector: number, state: 'proving' })
  return true
}

/** What a chain at a lower height does not know of one sector says nothing, and holds up no other. */
async function viewOf(context: ProvingContext, number: number, signal: AbortSignal): Promise<SectorView | undefined> {
  try {
    return await sectorOnChain(context, number, signal)
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'CHAIN_BEHIND') return undefined
    throw error
  }
}
