/**
 * What a shell has to know, out of `shells/`: to ask `granary complete`, a line a candidate, and to complete paths where it
 * answers with a colon.
 */
import { readFileSync } from 'node:fs'
import { ownPath } from '../own-path.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** @param call how the program is called, quoted as a shell needs it */
export function completionScript(shell: Shell, call: string): string {
  const script = readFileSync(ownPath(`shells/granary.${shell}`), 'utf8')
  return script.replaceAll('@GRANARY@', () => call)
}
