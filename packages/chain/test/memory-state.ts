/** A committed state in memory, for tests of the state machine. */
import type { StateReader } from '../src/state/index.ts'

export interface MemoryState extends StateReader {
  readonly size: number
  commit(writes: ReadonlyMap<string, Uint8Array | null>): void
}

export function createMemoryState(): MemoryState {
  const values = new Map<string, Uint8Array>()
  let sorted: string[] | undefined
  return {
    get size() {
      return values.size
    },
    get: (key) => values.get(key),
    *range(prefix, after) {
      sorted ??= [...values.keys()].sort((a, b) => (a < b ? -1 : 1))
      const keys = sorted
      const from = after === undefined || after < prefix ? prefix : after
      for (let index = lowerBound(keys, from); index < keys.length; index++) {
        const key = keys[index]!
        if (key === after) continue
        if (!key.startsWith(prefix)) return
        yield [key, values.get(key)!]
      }
    },
    commit: (writes) => {
      for (const [key, value] of writes) {
        if (value === null) values.delete(key)
        else values.set(key, value)
      }
      sorted = undefined
    },
  }
}

function lowerBound(keys: readonly string[], from: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keys[middle]! < from) low = middle + 1
    else high = middle
  }
  return low
}
