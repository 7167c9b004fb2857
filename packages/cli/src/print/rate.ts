/** How fast something grows, over its last few seconds. */
const WINDOW_MS = 5_000
/** Below this a rate says more about the clock than about the network. */
const SPAN_MIN_MS = 250

export interface Rate {
  /** A count that has been reached; a smaller one than before begins anew. */
  reach(count: number, atMs: number): void
  /** A second; undefined while too little is known. */
  perSecond(nowMs: number): number | undefined
}

export function createRate(): Rate {
  let samples: { readonly count: number; readonly atMs: number }[] = []
  return {
    reach(count, atMs) {
      if (count < (samples.at(-1)?.count ?? 0)) samples = []
      samples.push({ count, atMs })
      // The last one before the window stays: it is where the window's growth begins.
      while (samples.length > 2 && samples[1]!.atMs < atMs - WINDOW_MS) samples.shift()
    },
    perSecond(nowMs) {
      const first = samples[0]
      const spanMs = first === undefined ? 0 : nowMs - first.atMs
      return spanMs < SPAN_MIN_MS ? undefined : ((samples.at(-1)!.count - first!.count) * 1_000) / spanMs
    },
  }
}
