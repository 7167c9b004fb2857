/**
 * The errors of the state machine, whose codes are closed lists of the catalogue. A TxError makes a transaction fail: it
 * keeps its sequence and its fee and changes nothing else. An InadmissibleError keeps it out of a block. Any other
 * exception is a fault of the chain itself.
 */
import { type AdmissionErrorCode, type EffectErrorCode, GranaryError } from '@granary/base'

export type TxErrorCode = EffectErrorCode

export interface TxErrorOptions {
  readonly message: string
  readonly hint: string
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

export class TxError extends GranaryError {
  declare readonly code: TxErrorCode

  constructor(code: TxErrorCode, { message, hint, details }: TxErrorOptions) {
    super({ code, message, hint, details })
  }
}

export type InadmissibleErrorCode = AdmissionErrorCode | EffectErrorCode

export class InadmissibleError extends GranaryError {
  declare readonly code: InadmissibleErrorCode

  // Each by its name: of another error, whose message no spread takes along, it is made too.
  constructor(code: InadmissibleErrorCode, { message, hint, details }: TxErrorOptions) {
    super({ code, message, hint, details })
  }
}

/** A block that no correct producer makes. processBlock refuses it; in finalizeBlock it halts the node. */
export class BlockInvalidError extends GranaryError {
  constructor(message: string, cause?: unknown) {
    super({
      code: 'BLOCK_INVALID',
      message,
      hint: 'do not build on this block; find out who made it',
      cause,
    })
  }
}

/** The state contradicts itself: nothing may be built on it. */
export class InvariantError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'STATE_INVARIANT_BROKEN',
      message,
      hint: 'stop the node, keep its home folder, and report this',
    })
  }
}
