/**
 * Keys in order. They are sorted when a range is first asked for, because most tables of an overlay never have one read.
 */
export interface SortedKeys {
  /** A key that is not there yet. */
  add(key: string): void
  /** Those that start with `prefix`, above `after`. */
  range(prefix: string, after?: string): string[]
}

/** Sorts behind every ASCII key with the same prefix. */
const AFTER_ASCII = '\u{7f}'

export function createSortedKeys(): SortedKeys {
  let sorted: string[] = []
  let added: string[] = []

  function settle(): void {
    // A few new keys are inserted one by one, since that moves fewer keys than sorting would compare: a range is often read
    // after each write.
    if (16 * added.length < sorted.length) for (const key of added) sorted.splice(firstFrom(sorted, key), 0, key)
    else sorted = [...sorted, ...added].sort(compareKeys)
    added = []
  }

  return {
    add: (key) => void added.push(key),
    range: (prefix, after) => {
      if (added.length > 0) settle()
      const from = after === undefined || after < prefix ? firstFrom(sorted, prefix) : firstFrom(sorted, after)
      const to = firstFrom(sorted, prefix + AFTER_ASCII)
      return sorted.slice(sorted[from] === after ? from + 1 : from, to)
    },
  }
}

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Index of the first that is not below `key`. */
function firstFrom(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
