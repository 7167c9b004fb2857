import type { ErrorCode } from '../errors/error-catalogue.ts'
import { factsOf } from '../errors/error-catalogue.ts'

/** The HTTP status that an error travels under. */
export function statusOf({ code, retryable }: { readonly code: ErrorCode; readonly retryable: boolean }): number {
  return factsOf(code)?.status ?? (retryable ? 503 : 422)
}
