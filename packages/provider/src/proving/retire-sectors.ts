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
  /** Whose members are compared with the store: another one each time finds what no event told. */
  readonly partition: number | undefined
}

export async function retireSectors(
  context: ProvingContext,
  { named, partition }: Ending,
  signal: AbortSignal,
): Promise<void> {
  const { store, head, log, securePieces } = context
  const missing = partition === undefined ? strays(context) : await notMembers(context, partition, signal)
  for (const number of new Set([...named, ...store.endingBy(head.height()), ...missing])) {
    const sector = store.has(number) ? store.get(number) : undefined
    if (sector === undefined || !isIn(sector, 'proving') || !sector.phase.finalized) continue
    const view = await viewOf(context, number, signal)
    if (view?.state === 'precommitted') await takeBack(context, sector, view, signal)
    if (view?.state === 'active' || view?.state === 'faulty') noteExtension(context, sector, view)
    if (view?.state !== 'expired' && view?.state !== 'terminated') continue
    if (await isBehind(context, signal)) continue
    store.move(number, 'proving', { state: view.state, cleaned: false })
    log({ type: 'sector:moved', sector: number, state: view.state })
  }
  for (const sector of store.uncleaned()) {
    if (!isIn(sector, 'expired', 'terminated')) continue
    if (await isCountedOn(context, sector, signal)) continue
    const views = await settleDeals(context, dealIdsOf(sector), signal)
    if (!views.every(isSettled) || (await isBehind(context, signal))) continue
    if (await securePieces(sector.pieces.map(({ pieceCid }) => pieceCid)))
      await removeSectorFolder(context, sector.number)
    else await keepSectorFolder(context, sector.number, onlyCopy)
    store.move(sector.number, sector.phase.state, { state: sector.phase.state, cleaned: true })
    log({ type: 'sector:cleaned', sector: sector.number })
  }
}

/** Sectors that are proven by the store, and stand in that partition no more by the chain. */
async function notMembers(
  { chain, store, providerId: provider }: ProvingContext,
  partition: number,
  signal: AbortSignal,
): Promise<number[]> {
  const members = await Array.fromAsync(chain.members({ provider, partition }, undefined, { signal }))
  const listed = new Set(members.map(({ number }) => number))
  return store.inPartition(partition).filter((number) => !listed.has(number))
}

/** The chain has no partition of this provider at all. */
function strays({ store }: ProvingContext): number[] {
  return store.numbersIn('proving')
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
