/** Lets work with the same key happen in the order in which it came, however long each part takes; other keys do not wait. */

export interface LineUp {
  run<T>(key: string, work: () => Promise<T>): Promise<T>
}

export function createLineUp(): LineUp {
  const last = new Map<string, Promise<unknown>>()
  return {
    run(key, work) {
      const before = last.get(key)
      const result = before === undefined ? work() : before.then(work)
      const settled = result
        .catch(() => undefined)
        .finally(() => {
          if (last.get(key) === settled) last.delete(key)
        })
      last.set(key, settled)
      return result
    },
  }
}
