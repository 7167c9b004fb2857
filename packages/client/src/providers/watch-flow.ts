/** Gives up a stream that stands still, or that drips so slowly that it would never end. */

import type { Clock } from '../ports.ts'

export interface FlowWatch {
  received(bytes: number): void
  /** Gives the whole time again, for something other than bytes: an answer that says to wait. */
  restart(): void
  stop(): void
}

/** @param onStill called once, when fewer than `bytesMin` have come within `withinMs` */
export function watchFlow(bytesMin: number, withinMs: number, onStill: () => void, clock: Clock): FlowWatch {
  let timer = clock.after(withinMs, onStill)
  let bytes = 0
  const restart = (): void => {
    bytes = 0
    timer[Symbol.dispose]()
    timer = clock.after(withinMs, onStill)
  }
  return {
    restart,
    stop: () => timer[Symbol.dispose](),
    received(count) {
      bytes += count
      if (bytes >= bytesMin) restart()
    },
  }
}
