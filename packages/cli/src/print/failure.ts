/** A failure as a person reads it (what, what to do, its code) or as a program does. */
import { asCalledHere, commandHere } from '../invocation.ts'
import type { ProgramContext } from '../program-context.ts'
import { fit } from './columns.ts'
import { columnsOf } from './columns-of.ts'
import { type Action, failure, wireOf } from './envelope.ts'
import { paint } from './paint.ts'
import { printable, printableLines } from './printable.ts'

export interface FailureOptions {
  readonly json: boolean
  readonly actions?: readonly Action[]
}

export function printFailure(context: ProgramContext, error: unknown, { json, actions = [] }: FailureOptions): void {
  const { stdout, stderr, env } = context
  if (json) {
    const callable = actions.map(({ cmd, why }) => ({ cmd: commandHere(cmd, context), why }))
    stdout.write(`${JSON.stringify(failure(error, callable))}\n`)
  } else {
    const { code, message, hint } = wireOf(error)
    const columns = columnsOf(stderr, env)
    const write = (words: string) => stderr.write(`${fit(words, columns)}\n`)
    write(
      `${paint(stderr, 'red', 'granary:')} ${printableLines(message)} ${paint(stderr, 'dim', `[${printable(code)}]`)}`,
    )
    if (hint) write(`  ${printableLines(asCalledHere(hint, context))}`)
    // To be copied, so nothing breaks it.
    for (const { cmd, why } of actions) stderr.write(`  ${commandHere(cmd, context)}  ${paint(stderr, 'dim', why)}\n`)
  }
  if (env.GRANARY_DEBUG && Error.isError(error)) stderr.write(`${error.stack}\n`)
}
