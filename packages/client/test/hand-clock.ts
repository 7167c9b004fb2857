/** Time that passes only when a test says so: how slow the machine is changes nothing. */
import type { Clock } from '../src/ports.ts'

export interface HandClock extends Clock {
  /** Calls what is due by then, each at its own time. */
  advance(ms: number): void
  /** When the next of what waits is due. */
  nextDueMs(): number
}

interface Timer {
  readonly dueMs: number
  readonly call: () => void
}

export function handClock(): HandClock {
  const timers = new Set<Timer>()
  let nowMs = 1_700_000_000_000

  function after(ms: number, call: () => void): Disposable {
    const timer = { dueMs: nowMs + ms, call }
    timers.add(timer)
    return { [Symbol.dispose]: () => void timers.delete(timer) }
  }

  return {
    after,
    nowMs: () => nowMs,
    nextDueMs: () => Math.min(...[...timers].map(({ dueMs }) => dueMs)),
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      using _timer = after(ms, resolve)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      await promise
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (;;) {
        const [next] = [...timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)
        if (next === undefined) break
        timers.delete(next)
        nowMs = next.dueMs
        next.call()
      }
      nowMs = untilMs
    },
  }
}
