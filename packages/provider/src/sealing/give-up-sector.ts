/** An owner's word that a sector is to be given up. Only the chain can end one that it has heard of. */
import { isIn, type Sector, SectorStateError } from '../sectors/sector.ts'
import type { SectorStore } from '../sectors/store.ts'

/** @throws SectorStateError SECTOR_STATE */
export function requireAbandonable(sector: Sector): void {
  const { number, phase } = sector
  if (!isIn(sector, 'filling', 'sealing', 'sealed')) throw new SectorStateError(number, phase.state, 'failed')
}

/** @returns the failed sector, whose files and deals are still to be let go @throws SectorStateError SECTOR_STATE */
export function giveUpSector(store: SectorStore, number: number): Sector {
  const sector = store.get(number)
  requireAbandonable(sector)
  const ticket = 'ticket' in sector.phase ? (sector.phase.ticket ?? undefined) : undefined
  const message = 'its owner has given it up'
  return store.move(number, sector.phase.state, {
    ...{ state: 'failed', code: 'SECTOR_ABANDONED', message, cleaned: false },
    ticket,
  })
}
