/** Which holder has given how much of what was fetched. */
import type { HolderState } from './holder-state.ts'

/** What one holder has given. */
export interface HolderReport {
  /** Absent for a gateway. */
  readonly provider?: number
  readonly endpoint: string
  /** Of blocks that were taken from it, each verified; what others gave sooner is not counted. */
  readonly bytes: number
  readonly blocks: number
  /** Its last failure, if there was one. */
  readonly failure?: { readonly code: string; readonly message: string }
}

/** Those who have given something first, by how much; then those who failed. */
export function reportOf(holders: readonly HolderState[]): HolderReport[] {
  return holders
    .filter(({ isAsked }) => isAsked)
    .toSorted((a, b) => b.bytes - a.bytes)
    .map(({ provider, endpoint, bytes, blocks, failure }) => ({
      ...(provider === undefined ? {} : { provider }),
      ...{ endpoint, bytes, blocks },
      ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
    }))
}
