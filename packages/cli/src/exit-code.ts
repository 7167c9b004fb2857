/** What a script sees: listed in each command's --help. */
import { type Fault, factsOf, GranaryError, isAbortError } from '@granary/base'

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  funds: 4,
  network: 5,
  upgrade: 6,
  interrupted: 130,
} as const

export const exitCodesHelp = `
Exit codes:
  0 done         1 failed                     2 wrong usage
  3 partly done  4 key, passphrase or money   130 Ctrl-C
  5 chain or provider      6 a newer release is needed`

/** How a code ends the program whose row in the catalogue does not say it: each row names a fault. */
const EXIT_OF_FAULT: Readonly<Record<Fault, number>> = {
  caller: EXIT.failed,
  operator: EXIT.failed,
  nobody: EXIT.failed,
  program: EXIT.failed,
  peer: EXIT.network,
}

/** Of any code, a stranger's too: nothing is known of that but that it failed. */
export function exitOfCode(code: string): number {
  const facts = factsOf(code)
  if (facts === undefined) return EXIT.failed
  return facts.exit === undefined ? EXIT_OF_FAULT[facts.fault] : EXIT[facts.exit]
}

export function exitCodeOf(error: unknown): number {
  if (isAbortError(error)) return EXIT.interrupted
  return GranaryError.is(error) ? exitOfCode(error.code) : EXIT.failed
}
