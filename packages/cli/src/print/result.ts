/** The result on standard output: one JSON document, or what a person wants to read. */
import { EXIT } from '../exit-code.ts'
import { asCalledHere, commandHere } from '../invocation.ts'
import type { CommandContext } from '../program-context.ts'
import { columnsOf } from './columns-of.ts'
import { type Action, partly, success } from './envelope.ts'

export interface ResultOptions<T> {
  readonly json: boolean
  readonly actions?: readonly Action[]
  /** Not all of what was asked for was done: the document says `PARTIAL`, and the exit code is 3. @default false */
  readonly partial?: boolean
  /** With --quiet: the one word that a script wants, such as the CID. */
  readonly brief?: ((data: T) => string) | undefined
  /** @param columns how wide a line may be of where it is printed; in a pipe as wide as it is */
  readonly text: (data: T, columns: number) => string
}

export function printResult<T>(
  context: Pick<CommandContext, 'stdout' | 'setExitCode' | 'env' | 'cwd'>,
  data: T,
  { json, actions = [], partial = false, brief, text }: ResultOptions<T>,
): void {
  if (partial) context.setExitCode(EXIT.partial)
  const callable = actions.map(({ cmd, why }) => ({ cmd: commandHere(cmd, context), why }))
  const envelope = partial ? partly(data, callable) : success(data, callable)
  const words = () => (brief ? brief(data) : asCalledHere(text(data, columnsOf(context.stdout, context.env)), context))
  context.stdout.write(`${json ? JSON.stringify(envelope, plain) : words()}\n`)
}

/** Amounts are decimal strings in JSON, here as everywhere. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
