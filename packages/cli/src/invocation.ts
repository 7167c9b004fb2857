/**
 * How this program is called where the user stands, for commands that are printed to be run: what is told has to work, and
 * must never make `npx` fetch a package of that name from a registry.
 */
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { ownPath } from './own-path.ts'
import type { ProgramContext } from './program-context.ts'

export interface InvocationInput extends Pick<ProgramContext, 'cwd' | 'env'> {
  /** `bin/granary.js` of this program. @default this one's */
  readonly bin?: string
}

/** `granary`, `npx granary`, or a path. */
export function invocation({ cwd, env, bin = ownPath('bin/granary.js') }: InvocationInput): string {
  const isThis = (path: string) => existsSync(path) && realBin(path) === realpathSync(bin)
  // What npx and npm put before the PATH is not there in another terminal.
  const folders = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !/node_modules|_npx/.test(folder))
  const first = folders.map((folder) => join(folder, 'granary')).find((path) => existsSync(path))
  if (first !== undefined && isThis(first)) return 'granary'
  // npx runs what is in the nearest node_modules above; only where that is this program it is told to.
  const local = foldersAbove(cwd()).find((folder) => existsSync(join(folder, 'node_modules')))
  if (local !== undefined && isThis(join(local, 'node_modules', '.bin', 'granary'))) return 'npx granary'
  const linked = foldersAbove(dirname(bin))
    .map((folder) => join(folder, 'node_modules', '.bin', 'granary'))
    .find(isThis)
  return quoted(linked ?? `node ${bin}`)
}

/** A text in which commands stand as `granary put`, with the program called as it is called here. */
export function asCalledHere(text: string, context: InvocationInput): string {
  if (!/`granary /.test(text)) return text
  const name = invocation(context)
  return text.replaceAll(/`granary (?=[a-zA-Z-])/g, () => `\`${name} `)
}

/** The same of a command alone. */
export function commandHere(command: string, context: InvocationInput): string {
  return command.replace(/^granary (?=\S)/, () => `${invocation(context)} `)
}

/** npm links; pnpm writes a script beside which the package is. */
function realBin(path: string): string {
  const real = realpathSync(path)
  if (real.endsWith('.js')) return real
  const beside = join(dirname(dirname(path)), 'granary', 'bin', 'granary.js')
  return existsSync(beside) ? realpathSync(beside) : real
}

function foldersAbove(folder: string): string[] {
  const above = dirname(folder)
  return above === folder ? [folder] : [folder, ...foldersAbove(above)]
}

function quoted(command: string): string {
  return /\s/.test(command) && !command.startsWith('node ') ? `"${command}"` : command
}
