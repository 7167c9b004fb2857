/**
 * Every error code, once: whose fault it is, HTTP status, retry, exit code; the comment over a code is its sentence in
 * docs/errors.md. A new code is a row in one of these lists, and the line that throws it; all tables derive from here.
 */
import { chainErrors } from './chain-errors.ts'
import { cliErrors } from './cli-errors.ts'
import { clientErrors } from './client-errors.ts'
import { contentErrors } from './content-errors.ts'
import type { ErrorFacts } from './error-facts.ts'
import { proofErrors, verifierErrors } from './proof-errors.ts'
import { alertErrors, marketErrors, providerErrors } from './provider-errors.ts'
import { sharedErrors } from './shared-errors.ts'
import { admissionErrors, effectErrors } from './verdict-errors.ts'

export type ErrorCode =
  | keyof typeof sharedErrors
  | EffectErrorCode
  | AdmissionErrorCode
  | keyof typeof chainErrors
  | keyof typeof clientErrors
  | keyof typeof contentErrors
  | keyof typeof proofErrors
  | keyof typeof verifierErrors
  | keyof typeof marketErrors
  | keyof typeof providerErrors
  | keyof typeof alertErrors
  | keyof typeof cliErrors

/** A message does not have its effect. */
export type EffectErrorCode = keyof typeof effectErrors
/** A transaction may not be in a block at all. */
export type AdmissionErrorCode = keyof typeof admissionErrors

export const errorCatalogue: Readonly<Record<ErrorCode, ErrorFacts>> = {
  ...sharedErrors,
  ...effectErrors,
  ...admissionErrors,
  ...chainErrors,
  ...clientErrors,
  ...contentErrors,
  ...proofErrors,
  ...verifierErrors,
  ...marketErrors,
  ...providerErrors,
  ...alertErrors,
  ...cliErrors,
}

/** Nothing is known of a code that another release has sent. */
export function factsOf(code: string): ErrorFacts | undefined {
  return Object.hasOwn(errorCatalogue, code) ? errorCatalogue[code as ErrorCode] : undefined
}
