/** Chance that can be had again: the same seed gives the same numbers. */
import { createHash } from 'node:crypto'

export interface Seeded {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number
  shuffled<T>(items: readonly T[]): T[]
}

export function createSeeded(seed: number): Seeded {
  let count = 0
  const below = (bound: number): number =>
    createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32BE(0) % bound
  return {
    below,
    shuffled: (items) => {
      const left = [...items]
      return items.map(() => left.splice(below(left.length), 1)[0]!)
    },
  }
}
