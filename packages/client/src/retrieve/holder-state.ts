/** What has been seen of a holder while content is fetched. */
import type { Holder } from './locate.ts'

export interface HolderState extends Holder {
  isAsked: boolean
  /** Until its first block, on average. */
  latencyMs: number | undefined
  /** Answers that cannot be honest. */
  strikes: number
  /** Failures since it last gave a block. */
  misfortunes: number
  /** Bytes of blocks that were taken from it. */
  bytes: number
  blocks: number
  /** The last. */
  failure: { readonly code: string; readonly message: string; readonly retryable: boolean } | undefined
}

export function newHolderState(holder: Holder): HolderState {
  return {
    ...holder,
    isAsked: false,
    latencyMs: undefined,
    strikes: 0,
    misfortunes: 0,
    bytes: 0,
    blocks: 0,
    failure: undefined,
  }
}
