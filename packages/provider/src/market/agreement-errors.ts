/** Why a provider does not sign terms. */

import { type ErrorCode, GranaryError } from '@granary/base'
import type { Hash } from '@granary/protocol/messages'

export class TermsRefusedError extends GranaryError {
  constructor(code: ErrorCode, message: string, hint: string, details: Record<string, unknown> = {}) {
    super({ code, message, hint, details })
  }
}

export class NonceConflictError extends GranaryError {
  constructor(nonce: bigint, agreed: Hash, asked: Hash) {
    super({
      code: 'NONCE_CONFLICT',
      message: `nonce ${nonce} was used for the agreement ${agreed}, these terms are ${asked}`,
      hint: 'send the terms that were agreed on, or take another nonce for another deal',
      details: { nonce: String(nonce), agreed, asked },
    })
  }
}

export class CollateralShortError extends GranaryError {
  constructor(free: bigint, needed: bigint) {
    super({
      code: 'COLLATERAL_SHORT',
      message: `the provider has ${free} attoGRN of free collateral, this deal needs ${needed}`,
      hint: 'choose another provider, or try again later: offers that are not published set theirs free',
      details: { free: String(free), needed: String(needed) },
    })
  }
}

export class OffersFullError extends GranaryError {
  constructor(offeredBytes: number, limitBytes: number) {
    super({
      code: 'OFFERS_FULL',
      message: `${offeredBytes} bytes would be reserved for deals that are not published, the limit is ${limitBytes}`,
      hint: 'try again in a few minutes: an offer that is not published is dropped',
      details: { offeredBytes, limitBytes },
    })
  }
}
