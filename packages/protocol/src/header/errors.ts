/** Why a node is not believed: by what verifies headers, and by the light client over it. */
import { GranaryError } from '@granary/base'

/** What a node answered does not follow from the trusted key, or contradicts what did before. */
export class UnprovenError extends GranaryError {
  constructor(code: UnprovenCode, why: string) {
    super({
      code,
      message: `this node's answer is not proven: ${why}`,
      hint: hints[code],
      details: { why },
    })
  }
}

export type UnprovenCode = keyof typeof hints

const hints = {
  HEADER_NOT_SIGNED: 'check that genesis hash and validator key are those of the chain you mean; else ask another node',
  APP_HASH_MISMATCH: 'the node is broken or lies: ask another one',
  PROOF_INVALID: 'the node is broken or lies: ask another one',
  HEADER_CONFLICT:
    'believe neither: the chain was rolled back, or its validator signs two histories; ask who runs the chain which one holds',
  PROOF_STALE: 'the node is behind one that answered before: wait until it has caught up, or ask another one',
} as const

/** HEAD_TOO_OLD: what is proven was true, and may not be any more. */
export class HeadTooOldError extends GranaryError {
  constructor(timeMs: number, nowMs: number, ageMaxMs: number) {
    const [head, clock] = [timeMs, nowMs].map((ms) => new Date(ms).toISOString())
    super({
      code: 'HEAD_TOO_OLD',
      message: `this node's head is of ${head}, ${seconds(nowMs - timeMs)} before this machine's clock (${clock}); at most ${seconds(ageMaxMs)} are taken`,
      hint: 'check the clock of this machine; if it is right, the node is behind or the chain stands still: wait, or ask another node',
      details: { timeMs, nowMs, ageMaxMs },
    })
  }
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)} s`
}
