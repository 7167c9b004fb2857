/** Which HTTP status an error's code travels under; a code that is not here is the request's fault, or ours to retry. */
import type { GranaryError } from '@granary/errors'

const statuses: Readonly<Record<string, number>> = {
  REQUEST_INVALID: 400,
  MESSAGE_INVALID: 400,
  UPLOAD_METADATA_INVALID: 400,
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  LOGIN_REFUSED: 401,
  CLOCKS_APART: 401,
  CLIENT_FUNDS_INSUFFICIENT: 402,
  ROUTE_NOT_FOUND: 404,
  UPLOAD_NOT_FOUND: 404,
  DEAL_NOT_FOUND: 404,
  NONCE_CONFLICT: 409,
  UPLOAD_INCOMPLETE: 409,
  REQUEST_TOO_LARGE: 413,
  UPLOAD_TOO_LARGE: 413,
  PIECE_MISMATCH: 422,
  CAR_INVALID: 422,
  CAR_ROOT_MISMATCH: 422,
  UPLOAD_BUSY: 423,
  QUOTA_EXCEEDED: 429,
  RATE_LIMITED: 429,
  BYTES_LIMITED: 429,
  ADDRESS_BUSY: 429,
  INTERNAL: 500,
  CHAIN_UNREACHABLE: 503,
  CHAIN_BEHIND: 503,
  CHAIN_FOREIGN: 503,
  STARTING: 503,
  DOWNLOADS_FULL: 503,
  NO_SPACE: 507,
  COLLATERAL_SHORT: 507,
  FEES_SHORT: 507,
  OFFERS_FULL: 507,
  QUOTES_FULL: 507,
}

export function statusOf(error: GranaryError): number {
  return statuses[error.code] ?? (error.retryable ? 503 : 422)
}
