/** A failure as a person reads it (what, what to do, its code) or as a program does. */
import { asCalledHere } from '../invocation.ts'
import type { ProgramContext } from '../program-context.ts'
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
    stdout.write(`${JSON.stringify(failure(error, actions))}\n`)
  } else {
    const { code, message, hint } = wireOf(error)
    const words = printableLines(message)
    stderr.write(`${paint(stderr, 'red', 'granary:')} ${words} ${paint(stderr, 'dim', `[${printable(code)}]`)}\n`)
    if (hint) stderr.write(`  ${printableLines(asCalledHere(hint, context))}\n`)
    for (const { cmd, why } of actions) stderr.write(`  ${cmd}  ${paint(stderr, 'dim', why)}\n`)
  }
  if (env.GRANARY_DEBUG && Error.isError(error)) stderr.write(`${error.stack}\n`)
}
