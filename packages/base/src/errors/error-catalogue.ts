/**
 * Every error code, once: whose fault it is, HTTP status, retry, exit code; the comment over a code is its sentence in
 * docs/errors.md. A new code is a row in one of these lists, a `passing` one when the same call may succeed later, and the line
 * that throws it; all tables derive from here.
 */
import { chainErrors } from './chain-errors.ts'
import { cliErrors } from './cli-errors.ts'
import { clientErrors } from './client-errors.ts'
import { contentErrors } from './content-errors.ts'
import type { ErrorFacts, OwnFacts } from './error-facts.ts'
import { type PassingErrorCode, passingCodes, passingFactsOf } from './passing-errors.ts'
import { proofErrors, verifierErrors } from './proof-errors.ts'
import { alertErrors, marketErrors, providerErrors } from './provider-errors.ts'
import { sharedErrors } from './shared-errors.ts'
import {
  admissionErrors,
  effectErrors,
  type passingAdmissionErrors,
  type passingEffectErrors,
} from './verdict-errors.ts'

export type ErrorCode =
  | PassingErrorCode
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
export type EffectErrorCode = keyof typeof effectErrors | keyof typeof passingEffectErrors
/** A transaction may not be in a block at all. */
export type AdmissionErrorCode = keyof typeof admissionErrors | keyof typeof passingAdmissionErrors

const lastingErrors: Readonly<Record<Exclude<ErrorCode, PassingErrorCode>, OwnFacts>> = {
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

const passingFacts = passingCodes.map((code) => [code, { ...passingFactsOf(code), retryable: true }] as const)

export const errorCatalogue = { ...lastingErrors, ...Object.fromEntries(passingFacts) } as Readonly<
  Record<ErrorCode, ErrorFacts>
>

/** Nothing is known of a code that another release has sent. */
export function factsOf(code: string): ErrorFacts | undefined {
  return Object.hasOwn(errorCatalogue, code) ? errorCatalogue[code as ErrorCode] : undefined
}
