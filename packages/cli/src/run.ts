/** Parses the arguments and gives the exit code; commander's own endings (help, usage errors) become codes too. */
import { CommanderError, InvalidArgumentError } from 'commander'
import { createProgram } from './create-program.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import { withMeant } from './other-names.ts'
import { printFailure } from './print/failure.ts'
import type { ProgramContext } from './program-context.ts'
import { UsageError } from './usage-error.ts'

export async function run(args: readonly string[], given: ProgramContext): Promise<number> {
  const json = args.includes('--json')
  let exitCode: number = EXIT.ok
  const setExitCode = (code: number) => {
    exitCode = code
  }
  const context: ProgramContext = { ...given, env: withoutEmpty(given.env), cwd: () => folderOf(given) }
  const program = createProgram({ ...context, json, setExitCode })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      const { withDevnets } = await import('./config/noted-devnets.ts')
      printFailure(context, await withDevnets(error, context), { json })
      return exitCodeOf(error)
    }
    if (error.exitCode === 0) return EXIT.ok
    const usage = new UsageError(withMeant(error.message.replace(/^error: /, ''), program))
    // Without --json commander has printed the message itself, but that of a value which a command has read; for the bare help there
    // is none.
    if (json || error instanceof InvalidArgumentError) printFailure(context, usage, { json })
    return exitCodeOf(usage)
  }
}

/** `GRANARY_HOME=` sets nothing: an empty path would be the folder that the user stands in, and keys would be written there. */
function withoutEmpty(env: ProgramContext['env']): ProgramContext['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== '' || !name.startsWith('GRANARY_')))
}

/** Where the user stands, also when that folder was removed meanwhile: then nothing is found in it. */
function folderOf({ cwd }: ProgramContext): string {
  try {
    return cwd()
  } catch {
    return '/'
  }
}
