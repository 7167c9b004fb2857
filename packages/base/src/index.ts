/** The ground floor: what every package would else write for itself. Runs in a browser too. */
export { equalBytes } from './equal-bytes.ts'
export {
  type AdmissionErrorCode,
  type EffectErrorCode,
  type ErrorCode,
  errorCatalogue,
  factsOf,
} from './errors/error-catalogue.ts'
export type { ErrorFacts, Fault } from './errors/error-facts.ts'
export { passingFactsOf } from './errors/passing-errors.ts'
export { GranaryError, type GranaryErrorOptions, isAbortError, relayedCode, type WireError } from './granary-error.ts'
export { fromHex, type Hex, isHex, toHex } from './hex.ts'
export { isLoopbackUrl } from './is-loopback-url.ts'
export { letGo } from './let-go.ts'
export { reporter } from './reporter.ts'
export { type RetryOptions, retry } from './retry.ts'
export { pause, sleep, unlessAborted } from './sleep.ts'
export { systemClock } from './system-clock.ts'
export { withoutPasswords } from './without-passwords.ts'
