/**
 * How long each transaction took. The state machine has no clock; it calls its observer after each transaction and the
 * time between two calls is that transaction's. Checking, preparing and finalizing add up: a proof is verified in the
 * first of them, and its verdict remembered.
 */
import type { ExecutionObserver } from '../state/index.ts'

export interface Stopwatch {
  /** @param txAt: the transaction that was executed at that place */
  start(txAt: (index: number) => Uint8Array | undefined): ExecutionObserver
  add(tx: Uint8Array, ms: number): void
  elapsedMs(tx: Uint8Array): number
}

export function createStopwatch(): Stopwatch {
  const elapsed = new Map<Uint8Array, number>()
  const add = (tx: Uint8Array, ms: number) => void elapsed.set(tx, (elapsed.get(tx) ?? 0) + ms)
  return {
    add,
    start(txAt) {
      let since = performance.now()
      return {
        executed(index) {
          const at = performance.now()
          const tx = txAt(index)
          if (tx !== undefined) add(tx, at - since)
          since = at
        },
      }
    },
    elapsedMs: (tx) => elapsed.get(tx) ?? 0,
  }
}
