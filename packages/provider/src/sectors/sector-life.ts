/** What is told of one sector to its owner. */
import type { SectorEvent, SectorStore } from './store.ts'

export interface SectorLife {
  readonly sector: number
  readonly state: string
  /** Failures in a row in its present state. */
  readonly failures: number
  readonly events: readonly (Omit<SectorEvent, 'state'> & { readonly state: string })[]
}

/** @throws SectorMissingError SECTOR_MISSING */
export function lifeOf(store: Pick<SectorStore, 'get' | 'events'>, number: number): SectorLife {
  const { phase, failures } = store.get(number)
  return { sector: number, state: phase.state, failures, events: store.events(number) }
}
