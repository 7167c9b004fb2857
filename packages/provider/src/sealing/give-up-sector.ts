/** An owner's word that a sector is to be given up. Only the chain can end one that it has heard of. */
import { GranaryError } from '@granary/base'
import { isIn, type Sector } from '../sectors/sector.ts'
import type { SectorStore } from '../sectors/store.ts'

export class SectorNotAbandonableError extends GranaryError {
  constructor({ number, phase }: Sector) {
    super({
      code: 'SECTOR_STATE_WRONG',
      message: `sector ${number} is ${phase.state}: it is not given up`,
      hint: 'only a sector that the chain has not heard of is; one that is proven is ended by `granary provider sectors terminate`',
      details: { sector: number, state: phase.state },
    })
  }
}

/** @throws SectorNotAbandonableError SECTOR_STATE_WRONG */
export function requireAbandonable(sector: Sector): void {
  if (!isIn(sector, 'filling', 'sealing', 'sealed')) throw new SectorNotAbandonableError(sector)
}

/** @returns the failed sector, whose files and deals are still to be let go @throws SectorNotAbandonableError SECTOR_STATE_WRONG */
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
