/** Events for a reader that may be slower than what happens, or not there: the last ones are kept, and the very last always. */
const EVENTS_KEPT_MAX = 1_024

export interface EventQueue<T> extends AsyncIterable<T> {
  push(event: T): void
  /** Readers end when they have read what is kept. */
  end(): void
}

export function createEventQueue<T>(): EventQueue<T> {
  const kept: T[] = []
  let first = 0
  let ended = false
  let wake = Promise.withResolvers<void>()
  const changed = (): void => {
    wake.resolve()
    wake = Promise.withResolvers<void>()
  }
  return {
    push(event) {
      kept.push(event)
      if (kept.length > EVENTS_KEPT_MAX) {
        kept.shift()
        first += 1
      }
      changed()
    },
    end() {
      ended = true
      changed()
    },
    async *[Symbol.asyncIterator]() {
      for (let next = first; ; ) {
        next = Math.max(next, first)
        const event = kept[next - first]
        if (next - first < kept.length) {
          next += 1
          yield event as T
        } else if (ended) return
        else await wake.promise
      }
    },
  }
}
