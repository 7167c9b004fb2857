/**
 * What the state machine reads from, and the overlays it writes to: one over the committed state for a block, one over
 * that for each transaction, dropped when the transaction fails.
 */

/** Committed state. Keys are ASCII; a range is ascending, holds the keys that start with `prefix`, those above `after`. */
export interface StateReader {
  get(key: string): Uint8Array | undefined
  range(prefix: string, after?: string): Iterable<readonly [key: string, value: Uint8Array]>
}

export interface Store extends StateReader {
  put(key: string, value: Uint8Array): void
  delete(key: string): void
}

export interface Overlay extends Store {
  /** null: deleted. */
  readonly writes: ReadonlyMap<string, Uint8Array | null>
  /** Hands all writes to the store below. */
  commitTo(store: Store): void
}

export function createOverlay(below: StateReader): Overlay {
  const writes = new Map<string, Uint8Array | null>()
  // Keys by their table, so that a range over one table does not walk the writes of all others.
  const keysByTable = new Map<string, Set<string>>()

  function write(key: string, value: Uint8Array | null): void {
    if (!writes.has(key)) {
      const keys = keysByTable.get(tableOf(key))
      if (keys === undefined) keysByTable.set(tableOf(key), new Set([key]))
      else keys.add(key)
    }
    writes.set(key, value)
  }

  return {
    writes,
    get: (key) => {
      const own = writes.get(key)
      return own === undefined ? below.get(key) : (own ?? undefined)
    },
    range: (prefix, after) => {
      const own = [...(keysByTable.get(tableOf(prefix)) ?? [])]
        .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
        .sort(compareKeys)
      return own.length === 0 ? below.range(prefix, after) : merge(own, writes, below.range(prefix, after))
    },
    put: (key, value) => write(key, value),
    delete: (key) => write(key, null),
    commitTo: (store) => {
      for (const [key, value] of writes) {
        if (value === null) store.delete(key)
        else store.put(key, value)
      }
    },
  }
}

export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function tableOf(key: string): string {
  const slash = key.indexOf('/')
  return slash === -1 ? key : key.slice(0, slash)
}

function* merge(
  own: readonly string[],
  writes: ReadonlyMap<string, Uint8Array | null>,
  below: Iterable<readonly [string, Uint8Array]>,
): Generator<readonly [string, Uint8Array]> {
  let next = 0
  for (const entry of below) {
    for (; next < own.length && own[next]! < entry[0]; next++) yield* present(own[next]!, writes)
    if (own[next] === entry[0]) yield* present(own[next++]!, writes)
    else yield entry
  }
  for (; next < own.length; next++) yield* present(own[next]!, writes)
}

function* present(
  key: string,
  writes: ReadonlyMap<string, Uint8Array | null>,
): Generator<readonly [string, Uint8Array]> {
  const value = writes.get(key)
  if (value !== null && value !== undefined) yield [key, value]
}
