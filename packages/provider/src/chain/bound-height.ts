/**
 * What the chain cannot be above by now: the height of a header that its validators have signed, and as many blocks as may have been
 * made since. A node that names more, once, by mistake or not, would otherwise have been ahead for ever: all that it does not know
 * later would only be not yet there (docs/adr/0096-an-end-is-proven.md).
 */
import type { SignedState } from './signed-state.ts'

export interface HeightBound {
  /** Infinity until a signed header was seen. */
  max(): number
  /** A home that knows its chain; what it has followed is not above the bound. */
  start(signed: SignedState, heightSeen: number): Promise<void>
  stop(): void
}

/** A stalled node makes up for some blocks, and the clock of this machine may be slow. */
const FASTER = 2
const SLACK_BLOCKS = 100
const LOOK_MS = 30_000
const FIRST_LOOK_MS = 2_000

export function createHeightBound(): HeightBound {
  let known: { readonly height: number; readonly atMs: number; readonly blockTimeMs: number } | undefined
  const stopped = new AbortController()
  let timer: NodeJS.Timeout | undefined

  return {
    max: () => {
      if (known === undefined) return Number.POSITIVE_INFINITY
      const since = (performance.now() - known.atMs) / known.blockTimeMs
      return Math.floor(known.height + SLACK_BLOCKS + FASTER * since)
    },
    start: async (signed, heightSeen) => {
      const look = async (signal: AbortSignal): Promise<void> => {
        const blockTimeMs = await signed.blockTimeMs(signal)
        const { header } = await signed.newest(signal)
        // A chain that was restored from an older copy is below what this home has seen: that stays seen.
        if (known !== undefined && header.height < known.height) return
        known = { height: Math.max(heightSeen, header.height), atMs: performance.now(), blockTimeMs }
      }
      // Where none can be had the node is believed, as long as that is so.
      await look(AbortSignal.timeout(FIRST_LOOK_MS)).catch(() => {})
      timer = setInterval(() => void look(stopped.signal).catch(() => {}), LOOK_MS)
      timer.unref()
    },
    stop: () => {
      clearInterval(timer)
      stopped.abort()
    },
  }
}
