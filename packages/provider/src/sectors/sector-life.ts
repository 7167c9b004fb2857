/** What is told of one sector to its owner. */
import { dealIdsOf, type SectorState } from './sector.ts'
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

/** One that is not proven yet. */
export interface SectorUnderWay {
  readonly number: number
  readonly profile: string | null
  readonly state: string
  /** In this state. */
  readonly sinceMs: number
  readonly deals: readonly number[]
  /** In a row, in this state. */
  readonly failures: number
  /** Why the last try failed, or what it waits for; null: nothing holds it up. */
  readonly reason: string | null
}

const underWay: readonly SectorState[] = [
  ...(['filling', 'sealing', 'sealed', 'precommitting', 'precommitted', 'committing'] as const),
]

/**
 * By their numbers.
 * @param waits: for what its owner can give; a failure is none, and the store does not count it
 */
export function sectorsUnderWay(
  store: Pick<SectorStore, 'inStates' | 'events'>,
  waits: (number: number) => string | undefined = () => undefined,
): SectorUnderWay[] {
  const found = store.inStates(...underWay).toSorted((a, b) => a.number - b.number)
  return found.map((sector) => {
    const { number, profile = null, failures, openedAtMs } = sector
    const { state } = sector.phase
    const events = store.events(number).filter((event) => event.state === state)
    return {
      ...{ number, profile, state, failures, deals: dealIdsOf(sector) },
      sinceMs: events.find(({ reason }) => reason === null)?.atMs ?? openedAtMs,
      reason:
        waits(number) ?? (failures === 0 ? null : (events.findLast(({ reason }) => reason !== null)?.reason ?? null)),
    }
  })
}
