/** What has been seen of a holder while content is fetched, and what a client remembers of it for the next content. */
import type { Holder } from './locate.ts'

export interface HolderState extends Holder {
  isAsked: boolean
  /** Until its first block, on average. */
  latencyMs: number | undefined
  /** Answers that cannot be honest. */
  strikes: number
  /** Failures since it last gave a block. */
  misfortunes: number
  /** It did not answer, or not in time, when it was last asked. */
  isAway: boolean
  /** When it last gave something, or failed. */
  seenMs: number
  /** Bytes of blocks that were taken from it. */
  bytes: number
  blocks: number
  /** The last. */
  failure: { readonly code: string; readonly message: string; readonly retryable: boolean } | undefined
}

/** By their addresses. docs/adr/0063-a-client-remembers-who-failed.md */
export type HolderMemory = Map<string, HolderState>

/** A provider that was away is asked in its turn again after so long. */
const REMEMBERED_MS = 10 * 60_000

/** Who failed is asked later, who is fast sooner; nobody is left out for what was before. */
export function newHolderState(holder: Holder, nowMs: number, memory: HolderMemory): HolderState {
  for (const [endpoint, { seenMs }] of memory) if (nowMs - seenMs > REMEMBERED_MS) memory.delete(endpoint)
  const { latencyMs, strikes = 0, misfortunes = 0, isAway = false, seenMs = nowMs } = memory.get(holder.endpoint) ?? {}
  const state: HolderState = {
    ...holder,
    isAsked: false,
    latencyMs,
    strikes: Math.min(strikes, 1),
    misfortunes,
    isAway,
    seenMs,
    bytes: 0,
    blocks: 0,
    failure: undefined,
  }
  memory.set(holder.endpoint, state)
  return state
}
