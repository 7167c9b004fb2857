/** The deals' side, kept in memory: for tests of what sealing does with it. */
import type { TimelineEvent, TimelineType } from '@granary/protocol/events'
import type { DealFeed, PlaceableDeal } from '../src/sectors/port.ts'

export interface MemoryFeed extends DealFeed {
  readonly timeline: (TimelineEvent & { readonly deal: number })[]
  readonly states: Map<number, string>
  /** Piece CIDs. */
  readonly staged: Set<string>
  publish(deal: PlaceableDeal): void
  entries(deal: number, type: TimelineType): (TimelineEvent & { readonly deal: number })[]
}

export function createMemoryFeed(): MemoryFeed {
  const published = new Map<number, PlaceableDeal>()
  const assigned = new Map<number, number>()
  const states = new Map<number, string>()
  const staged = new Set<string>()
  const timeline: (TimelineEvent & { deal: number })[] = []
  return {
    timeline,
    states,
    staged,
    isStaged: (pieceCid) => staged.has(pieceCid),
    publish: (deal) => {
      published.set(deal.dealId, deal)
      states.set(deal.dealId, 'published')
    },
    entries: (deal, type) => timeline.filter((entry) => entry.deal === deal && entry.type === type),
    publishedUnplaced: () =>
      [...published.values()].filter(({ dealId }) => !assigned.has(dealId) && states.get(dealId) === 'published'),
    assign: (dealIds, sector) => {
      for (const dealId of dealIds) assigned.set(dealId, sector)
    },
    unassign: (dealIds) => {
      for (const dealId of dealIds) {
        assigned.delete(dealId)
        states.set(dealId, 'published')
      }
    },
    record: (dealIds, event) => {
      for (const deal of dealIds) timeline.push({ ...event, deal })
    },
    setState: (dealId, state) => {
      states.set(dealId, state)
    },
  }
}
