/** What becomes of a piece whose unsealed file is gone or damaged: whoever asks for it meanwhile is told when to come again. */
import { GranaryError } from '@granary/base'

export type Restoration =
  /** @param sinceMs when somebody saw that something is wrong with it */
  | { readonly state: 'under way'; readonly sinceMs: number }
  /** No replica gives it back; it is tried again by itself. */
  | { readonly state: 'failed'; readonly error: GranaryError }

/** Undefined for a piece that nothing is known to be wrong with. */
export type RestorationOf = (pieceCid: string) => Restoration | undefined

const WAIT_MIN_MS = 1_000
const WAIT_MAX_MS = 60_000

export class PieceUnsealingError extends GranaryError {
  constructor(pieceCid: string, sinceMs: number, nowMs: number) {
    // As long again as it has taken so far: unsealing takes a moment, or as long as sealing did.
    const waitMs = Math.min(WAIT_MAX_MS, Math.max(WAIT_MIN_MS, nowMs - sinceMs))
    super({
      code: 'PIECE_UNSEALING',
      message: `the unsealed file of piece ${pieceCid} is made again from its sealed copy`,
      hint: 'ask again after the time in Retry-After, or ask another provider',
      details: { pieceCid, retryAfterSeconds: Math.ceil(waitMs / 1_000) },
    })
  }
}
