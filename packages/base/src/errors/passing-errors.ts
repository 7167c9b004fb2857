/**
 * The codes of errors that pass: the same call may succeed later, as it is. Which list of its file a code stands in says so. It
 * is all that an error itself takes from the catalogue, so that a page which throws one does not load the other codes.
 */
import { passingChainErrors } from './chain-errors.ts'
import { passingCliErrors } from './cli-errors.ts'
import { passingClientErrors } from './client-errors.ts'
import { passingContentErrors } from './content-errors.ts'
import type { OwnFacts } from './error-facts.ts'
import { passingProofErrors } from './proof-errors.ts'
import { passingAlertErrors, passingMarketErrors, passingProviderErrors } from './provider-errors.ts'
import { passingSharedErrors } from './shared-errors.ts'
import { passingAdmissionErrors, passingEffectErrors } from './verdict-errors.ts'

const passingErrors = {
  ...passingSharedErrors,
  ...passingEffectErrors,
  ...passingAdmissionErrors,
  ...passingChainErrors,
  ...passingClientErrors,
  ...passingContentErrors,
  ...passingProofErrors,
  ...passingMarketErrors,
  ...passingProviderErrors,
  ...passingAlertErrors,
  ...passingCliErrors,
}

export type PassingErrorCode = keyof typeof passingErrors

/** What is known of a code whose errors pass; undefined for every other code. */
export function passingFactsOf(code: string): OwnFacts | undefined {
  return Object.hasOwn(passingErrors, code) ? passingErrors[code as PassingErrorCode] : undefined
}

export const passingCodes = Object.keys(passingErrors) as PassingErrorCode[]
