/**
 * The committed state in memory: values by key, and the keys of each table in order, since the state machine only ever
 * reads ranges within one table.
 */
import type { StateReader } from '@granary/chain/state'

export interface MemoryState extends StateReader {
  commit(writes: ReadonlyMap<string, Uint8Array | null>): void
}

export function createMemoryState(): MemoryState {
  const values = new Map<string, Uint8Array>()
  const keysOf = new Map<string, string[]>()

  function keysBeside(key: string): string[] {
    const table = key.slice(0, key.indexOf('/') + 1)
    let keys = keysOf.get(table)
    if (keys === undefined) {
      keys = []
      keysOf.set(table, keys)
    }
    return keys
  }

  return {
    get: (key) => values.get(key),
    *range(prefix, after) {
      const keys = keysBeside(prefix)
      const from = after === undefined || after < prefix ? prefix : after
      for (let index = indexOf(keys, from); index < keys.length; index += 1) {
        const key = keys[index]!
        if (key === after) continue
        if (!key.startsWith(prefix)) return
        yield [key, values.get(key)!]
      }
    },
    commit: (writes) => {
      for (const [key, value] of writes) {
        const keys = keysBeside(key)
        if (value === null) {
          if (values.delete(key)) keys.splice(indexOf(keys, key), 1)
        } else {
          if (!values.has(key)) keys.splice(indexOf(keys, key), 0, key)
          values.set(key, value)
        }
      }
    },
  }
}

/** Of the first key that is not below the wanted one. */
function indexOf(keys: readonly string[], wanted: string): number {
  if (keys.length === 0 || keys.at(-1)! < wanted) return keys.length
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keys[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}
