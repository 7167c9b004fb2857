/** When the next block is due: one each block time, without running after blocks that were late. */

export interface Pacer {
  /** Resolves when the next block is due, or at once after `wake`. */
  next(): Promise<void>
  /** Lets the waiting call, and all later ones, return. */
  wake(): void
}

/** Between two blocks, however slow they are, requests are served for this part of the block time. */
const BREATH = 0.1

export function createPacer(blockTimeMs: number): Pacer {
  // The monotonic clock: setting the machine's time must neither stop the chain nor make it race.
  let dueAtMs = performance.now() + blockTimeMs
  let awake = false
  let resolveWaiting: (() => void) | undefined

  return {
    async next() {
      if (awake) return
      const nowMs = performance.now()
      const waitMs = Math.max(dueAtMs - nowMs, blockTimeMs * BREATH)
      dueAtMs = nowMs + waitMs + blockTimeMs
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        resolveWaiting = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      resolveWaiting = undefined
    },
    wake() {
      awake = true
      resolveWaiting?.()
    },
  }
}
