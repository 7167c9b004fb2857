/** What an owner does with sectors that are still being sealed while the provider does not run. The one that runs is asked by admin-operations.ts. */
import { existsSync } from 'node:fs'
import { GranaryError } from '@granary/base'
import { askProvider } from '../admin-access.ts'
import {
  abandonSector as askAbandon,
  retrySector as askRetry,
  getSectorLife,
  listSectorsUnderWay,
} from '../http/admin-operations.ts'
import { giveUpSector } from '../sealing/give-up-sector.ts'
import { lifeOf, type SectorLife, type SectorUnderWay, sectorsUnderWay } from '../sectors/sector-life.ts'
import { createSectorStore, type SectorStore } from '../sectors/store.ts'
import { providerFolders } from '../storage/folders.ts'
import { HomeLockedError, openStore } from '../storage/open-store.ts'

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
 * @throws as readSectorLife; SectorNotAbandonableError SECTOR_STATE_WRONG for one that is on the chain, or over
 */
export function abandonSector(home: string, sector: number): SectorLife {
  return withSectors(home, (store) => {
    giveUpSector(store, sector)
    return lifeOf(store, sector)
  })
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

/** What is at work on a sector is stopped first, which may take as long as a write to a slow disk. */
const HALT_MS = 10 * 60_000

/** By the provider that runs in the home; where none runs, in its store. @throws SectorMissingError, SectorNotAbandonableError, StoreMissingError, … */
export async function sectorLife(home: string, what: 'log' | 'retry' | 'abandon', sector: number): Promise<SectorLife> {
  const operation = { log: getSectorLife, retry: askRetry, abandon: askAbandon }[what]
  try {
    return await askProvider(providerFolders(home).admin, operation, { params: { number: sector }, timeoutMs: HALT_MS })
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'PROVIDER_NOT_RUNNING') throw error
    return { log: readSectorLife, retry: retrySector, abandon: abandonSector }[what](home, sector)
  }
}

/** Of the provider that runs in the home, or of its store; none where it has none yet, or a provider is just starting with it. */
export async function readSectorsUnderWay(home: string): Promise<readonly SectorUnderWay[]> {
  const { admin, database } = providerFolders(home)
  try {
    return (await askProvider(admin, listSectorsUnderWay)).sectors
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'PROVIDER_NOT_RUNNING') throw error
  }
  try {
    return existsSync(database) ? withSectors(home, sectorsUnderWay) : []
  } catch (error) {
    if (error instanceof HomeLockedError) return []
    throw error
  }
}
