/**
 * Which of the chain's partitions are compared with the store next: one after the other, and all of them when what happened
 * meanwhile may not have been heard, after a start and after a gap in the events.
 */
export interface Comparison {
  /** Events may have been missed: all are compared again. */
  restart(): void
  /** Calls `compare` with the next ones; they are next again when it fails. */
  next(living: readonly number[], compare: (partitions: readonly number[]) => Promise<void>): Promise<void>
}

export function createComparison(): Comparison {
  let isUnheard = true
  let turn = 0
  return {
    restart: () => {
      isUnheard = true
    },
    next: async (living, compare) => {
      const wasUnheard = isUnheard
      isUnheard = false
      const index = living.length === 0 ? 0 : turn % living.length
      try {
        await compare(wasUnheard ? living : living.slice(index, index + 1))
        turn = index + 1
      } catch (error) {
        isUnheard ||= wasUnheard
        throw error
      }
    },
  }
}
