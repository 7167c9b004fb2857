/** Opens a chain's file for work on it while no node runs there. */
import { existsSync } from 'node:fs'
import { GranaryError } from '@granary/base'
import { homeFiles } from '../home/home-files.ts'
import { dealKeys } from '../store/deal-keys.ts'
import { openStore, type Store } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'
import { storeFault } from '../store/store-fault.ts'

export interface OpenChain {
  readonly store: Store
  readonly head: BlockRecord
}

/** @throws GranaryError HOME_MISSING, HOME_LOCKED, STORE_CORRUPT, STORE_VERSION_UNKNOWN */
export function openChain(home: string): OpenChain {
  const path = homeFiles(home).database
  if (!existsSync(path)) throw new ChainMissingError(home)
  const store = openStore({ path, dealKeys })
  try {
    const head = store.head()
    if (head === undefined) throw new ChainMissingError(home)
    return { store, head }
  } catch (error) {
    store.close()
    throw storeFault(error, path)
  }
}

/** HOME_MISSING */
class ChainMissingError extends GranaryError {
  constructor(home: string) {
    super({
      code: 'HOME_MISSING',
      message: `there are no blocks in ${home}`,
      hint: 'name the folder of a chain with --home: one that `granary chain run` has run in, or that a snapshot was imported to',
      details: { home },
    })
  }
}
