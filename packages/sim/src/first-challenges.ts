/**
 * The luck of the draw: a sector earns its first reward from its first answer on, which comes hours sooner or later for no
 * merit. What a provider's sectors waited for is counted apart, so that comparisons do not depend on it.
 */
import type { ChainEvent } from '@granary/protocol/events'
import { frozenAt, sectorReward, type World } from './world.ts'

export interface FirstChallenges {
  /** An event of this provider. */
  happened(event: ChainEvent): void
  /** attoGRN that sectors would have earned between their proof and their first answer. */
  waitedFor(): bigint
}

export function createFirstChallenges({ chain, params }: Pick<World, 'chain' | 'params'>): FirstChallenges {
  const waiting = new Map<number, { readonly partition: number; readonly since: number }>()
  let epochs = 0

  return {
    waitedFor: () => {
      const open = [...waiting.values()].reduce((total, { since }) => total + chain.height - since, 0)
      return sectorReward(params) * BigInt(epochs + open)
    },
    happened: (event) => {
      switch (event.type) {
        case 'sector:proven':
          waiting.set(event.sector, { partition: event.partition, since: chain.height })
          break
        case 'post:accepted':
          for (const [sector, each] of waiting) {
            if (each.partition !== event.partition || each.since > frozenAt(params, event.epoch)) continue
            epochs += chain.height - each.since
            waiting.delete(sector)
          }
          break
        // What is faulty waits by its own fault.
        case 'post:missed':
          for (const [sector, each] of waiting) if (each.partition === event.partition) waiting.delete(sector)
          break
        case 'fault:declared':
          for (const sector of event.sectors) waiting.delete(sector)
          break
        case 'sector:terminated':
        case 'sector:expired':
          waiting.delete(event.sector)
          break
      }
    },
  }
}
