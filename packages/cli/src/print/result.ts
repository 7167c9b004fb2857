/** The result on standard output: one JSON document, or what a person wants to read. */
import { EXIT } from '../exit-code.ts'
import { asCalledHere, commandHere } from '../invocation.ts'
import type { CommandContext } from '../program-context.ts'
import { fit } from './columns.ts'
import { columnsOf } from './columns-of.ts'
import { type Action, partly, success } from './envelope.ts'

export interface ResultOptions<T> {
  readonly json: boolean
  readonly actions?: readonly Action[]
  /** Not all of what was asked for was done: the document says `PARTIAL`, and the exit code is 3. @default false */
  readonly partial?: boolean
  /** With --quiet: the one word that a script wants, such as the CID. */
  readonly brief?: ((data: T) => string) | undefined
  /**
   * What is wider is broken all the same, less prettily than by who knows what it says.
   *
   * @param columns how wide a line may be of where it is printed; in a pipe as wide as it is
   * @param called a text with its commands as they are called here, for who measures it
   */
  readonly text: (data: T, columns: number, called: (text: string) => string) => string
}

export function printResult<T>(
  context: Pick<CommandContext, 'stdout' | 'setExitCode' | 'env' | 'cwd'>,
  data: T,
  { json, actions = [], partial = false, brief, text }: ResultOptions<T>,
): void {
  if (partial) context.setExitCode(EXIT.partial)
  const callable = actions.map(({ cmd, why }) => ({ cmd: commandHere(cmd, context), why }))
  const envelope = partial ? partly(data, callable) : success(data, callable)
  const called = (words: string) => asCalledHere(words, context)
  const columns = columnsOf(context.stdout, context.env)
  const words = () => (brief ? brief(data) : fit(called(text(data, columns, called)), columns))
  context.stdout.write(`${json ? JSON.stringify(envelope, plain) : words()}\n`)
}

/** Amounts are decimal strings in JSON, here as everywhere. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
