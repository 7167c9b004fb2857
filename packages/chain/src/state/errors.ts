/**
 * The closed set of errors of the state machine. A TxError makes a transaction fail: it keeps its sequence and its fee and
 * changes nothing else. An InadmissibleError keeps it out of a block. Any other exception is a fault of the chain itself.
 */
import { GranaryError, type WireError } from '@granary/base'

export type TxErrorCode =
  | 'INSUFFICIENT_FUNDS'
  | 'INSUFFICIENT_COLLATERAL'
  | 'SPENDING_LIMIT_REACHED'
  | 'SIGNER_WRONG'
  | 'KEY_INVALID'
  | 'SCOPE_UNKNOWN'
  | 'PROVIDER_NOT_FOUND'
  | 'PROVIDER_NOT_OWNED'
  | 'PROVIDER_INVALID'
  | 'ASK_INVALID'
  | 'AMOUNT_ZERO'
  | 'DEAL_NOT_FOUND'
  | 'DEAL_DUPLICATE'
  | 'DEAL_CLIENT_WRONG'
  | 'DEAL_SIZE_MISMATCH'
  | 'DEAL_TERMS_EXPIRED'
  | 'DEAL_TERMS_INVALID'
  | 'DEAL_SIGNATURE_INVALID'
  | 'DEAL_COLLATERAL_LOW'
  | 'DEAL_NOT_FREE'
  | 'DEAL_PROVIDER_WRONG'
  | 'SECTOR_NOT_FOUND'
  | 'SECTOR_NUMBER_USED'
  | 'SECTOR_STATE_WRONG'
  | 'SECTOR_EXPIRY_INVALID'
  | 'PROFILE_REFUSED'
  | 'TICKET_INVALID'
  | 'COMM_D_MISMATCH'
  | 'PIECES_DO_NOT_FIT'
  | 'SEED_NOT_READY'
  | 'COMMIT_EXPIRED'
  | 'BUNDLE_LENGTH_WRONG'
  | 'POREP_INVALID'
  | 'NO_SLOT'
  | 'PARTITION_NOT_FOUND'
  | 'CHALLENGE_NOT_OPEN'
  | 'CHALLENGE_TOO_SLOW'
  | 'SKIPS_INVALID'
  | 'SKIP_NOT_COVERED'
  | 'POST_INVALID'
  | 'SECTOR_NOT_SOUND'
  | 'SECTOR_NOT_FAULTY'
  | 'SECTOR_PARTITION_WRONG'
  | 'RECOVERY_PENDING'
  | 'RECOVERY_BARRED'
  | 'KEY_NOT_FOUND'
  | 'DEAL_OVER'
  | 'DEAL_IN_RECOVERY'
  | 'DEAL_NOT_EXTENDABLE'

export interface TxErrorOptions {
  readonly message: string
  readonly hint: string
  readonly retryable?: boolean
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

export class TxError extends GranaryError {
  declare readonly code: TxErrorCode

  constructor(code: TxErrorCode, options: TxErrorOptions) {
    super(withCode(code, options))
  }
}

export type InadmissibleErrorCode =
  | 'TX_MALFORMED'
  | 'TX_EXPIRED'
  | 'TX_NOT_EXECUTABLE'
  | 'LANE_INVALID'
  | 'SIGNATURE_INVALID'
  | 'SIGNER_WRONG'
  | 'KEY_NOT_AUTHORIZED'
  | 'KEY_EXPIRED'
  | 'KEY_SCOPE_MISSING'
  | 'SPENDING_LIMIT_REACHED'
  | 'SEQUENCE_TOO_LOW'
  | 'SEQUENCE_GAP'
  | 'FEE_TOO_LOW'
  | 'INSUFFICIENT_FUNDS'
  | TxErrorCode

export class InadmissibleError extends GranaryError {
  declare readonly code: InadmissibleErrorCode

  constructor(code: InadmissibleErrorCode, options: TxErrorOptions) {
    super(withCode(code, options))
  }
}

/** A block that no correct producer makes. processBlock refuses it; in finalizeBlock it halts the node. */
export class BlockInvalidError extends GranaryError {
  constructor(message: string, cause?: unknown) {
    super({
      code: 'BLOCK_INVALID',
      message,
      hint: 'do not build on this block; find out who made it',
      retryable: false,
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
      retryable: false,
    })
  }
}

function withCode(code: string, { message, hint, retryable = false, details }: TxErrorOptions): WireError {
  return { code, message, hint, retryable, ...(details === undefined ? {} : { details }) }
}
