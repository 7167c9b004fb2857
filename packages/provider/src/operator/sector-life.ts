/** What an owner does with sectors that are still being sealed, while the provider does not run: its store has one owner at a time. */
import { existsSync } from 'node:fs'
import { GranaryError } from '@granary/base'
import { isIn, SectorStateError } from '../sectors/sector.ts'
import { createSectorStore, type SectorEvent, type SectorStore } from '../sectors/store.ts'
import { providerFolders } from '../storage/folders.ts'
import { openStore } from '../storage/open-store.ts'

export interface SectorLife {
  readonly sector: number
  readonly state: string
  /** Failures in a row in its present state. */
  readonly failures: number
  readonly events: readonly SectorEvent[]
}

export class StoreMissingError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_MISSING',
      message: `there is no ${path}`,
      hint: 'name the home of a provider that has run with --home',
      details: { path },
    })
  }
}

/** @throws SectorMissingError SECTOR_MISSING, HomeLockedError HOME_LOCKED while the provider runs, StoreMissingError */
export function readSectorLife(home: string, sector: number): SectorLife {
  return withSectors(home, (store) => lifeOf(store, sector))
}

/** Its failures are forgotten, and it is tried at once when the provider starts. @throws as readSectorLife */
export function retrySector(home: string, sector: number): SectorLife {
  return withSectors(home, (store) => {
    store.retry(sector)
    return lifeOf(store, sector)
  })
}

/**
 * Gives up a sector that the chain has not heard of: its deals are placed into another one when the provider starts.
 * @throws as readSectorLife; SectorStateError SECTOR_STATE for one that is on the chain, or over
 */
export function abandonSector(home: string, sector: number): SectorLife {
  return withSectors(home, (store) => {
    const found = store.get(sector)
    if (!isIn(found, 'filling', 'sealing', 'sealed')) throw new SectorStateError(sector, found.phase.state, 'failed')
    const ticket = 'ticket' in found.phase ? (found.phase.ticket ?? undefined) : undefined
    const message = 'its owner has given it up'
    store.move(sector, found.phase.state, {
      state: 'failed',
      code: 'SECTOR_ABANDONED',
      message,
      cleaned: false,
      ticket,
    })
    return lifeOf(store, sector)
  })
}

function lifeOf(store: SectorStore, number: number): SectorLife {
  const { phase, failures } = store.get(number)
  return { sector: number, state: phase.state, failures, events: store.events(number) }
}

function withSectors<Result>(home: string, work: (store: SectorStore) => Result): Result {
  const { database } = providerFolders(home)
  // To open it would make an empty one.
  if (!existsSync(database)) throw new StoreMissingError(database)
  const db = openStore(database)
  try {
    return work(createSectorStore(db))
  } finally {
    db.close()
  }
}
