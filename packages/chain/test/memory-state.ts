/** A committed state in memory, for tests of the state machine: keys in order by their table, so that a large one is quick too. */
import type { StateReader } from '../src/state/index.ts'

export interface MemoryState extends StateReader {
  readonly size: number
  commit(writes: ReadonlyMap<string, Uint8Array | null>): void
}

export function createMemoryState(): MemoryState {
  const values = new Map<string, Uint8Array>()
  const keysByTable = new Map<string, { keys: string[]; sorted: boolean }>()

  function keysOf(table: string): string[] {
    const own = keysByTable.get(table)
    if (own === undefined) return []
    if (!own.sorted) own.keys.sort((a, b) => (a < b ? -1 : 1))
    own.sorted = true
    return own.keys
  }

  function add(key: string): void {
    const table = tableOf(key)
    const own = keysByTable.get(table)
    if (own === undefined) keysByTable.set(table, { keys: [key], sorted: true })
    else {
      own.sorted &&= own.keys.length === 0 || own.keys.at(-1)! < key
      own.keys.push(key)
    }
  }

  function remove(key: string): void {
    const keys = keysOf(tableOf(key))
    keys.splice(lowerBound(keys, key), 1)
  }

  return {
    get size() {
      return values.size
    },
    get: (key) => values.get(key),
    *range(prefix, after) {
      const keys = prefix.includes('/') ? keysOf(tableOf(prefix)) : [...values.keys()].sort((a, b) => (a < b ? -1 : 1))
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
        if (value === null) {
          if (values.delete(key)) remove(key)
        } else {
          if (!values.has(key)) add(key)
          values.set(key, value)
        }
      }
    },
  }
}

function tableOf(key: string): string {
  const slash = key.indexOf('/')
  return slash === -1 ? key : key.slice(0, slash)
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
