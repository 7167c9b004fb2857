/** Standard input, where a command reads it because it was asked to. */
import { fstatSync, statSync, writeSync } from 'node:fs'
import type { ProgramContext } from './program-context.ts'
import { UsageError } from './usage-error.ts'

/** @throws UsageError for one that is closed: what nobody wrote is no empty file */
export function standardInput<T extends ProgramContext['stdin'] & { readonly fd?: number }>(stdin: T): T {
  if (stdin.fd === 0 && isClosed())
    throw new UsageError(
      'standard input is closed: there is nothing to read',
      'give it a pipe or a file; an empty one is read from /dev/null',
    )
  return stdin
}

/** Node opens /dev/null in place of what is closed, for reading and writing; who means an empty input opens it for reading alone. */
function isClosed(): boolean {
  try {
    if (fstatSync(0).rdev !== statSync('/dev/null').rdev) return false
    writeSync(0, '\n')
    return true
  } catch {
    return false
  }
}
