/** Gives up a stream that stands still, or that drips so slowly that it would never end. */

export interface FlowWatch {
  received(bytes: number): void
  /** Something else than bytes has happened that is worth waiting on for. */
  restart(): void
  stop(): void
}

/** @param onStill called once, when fewer than `bytesMin` have come within `withinMs` */
export function watchFlow(bytesMin: number, withinMs: number, onStill: () => void): FlowWatch {
  let timer = setTimeout(onStill, withinMs)
  let bytes = 0
  const restart = (): void => {
    bytes = 0
    // A browser's timer cannot be refreshed.
    clearTimeout(timer)
    timer = setTimeout(onStill, withinMs)
  }
  return {
    restart,
    stop: () => clearTimeout(timer),
    received(count) {
      bytes += count
      if (bytes >= bytesMin) restart()
    },
  }
}
