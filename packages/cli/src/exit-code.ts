/** What a script sees: listed in each command's --help. */
import { factsOf, GranaryError, isAbortError } from '@granary/base'

export const EXIT = { ok: 0, failed: 1, usage: 2, partial: 3, funds: 4, network: 5, interrupted: 130 } as const

export const exitCodesHelp = `
Exit codes:
  0 done   1 failed   2 wrong arguments   3 partly done   4 key, passphrase or money   5 chain or provider   130 interrupted`

export function exitCodeOf(error: unknown): number {
  if (isAbortError(error)) return EXIT.interrupted
  return GranaryError.is(error) ? EXIT[factsOf(error.code)?.exit ?? 'failed'] : EXIT.failed
}
