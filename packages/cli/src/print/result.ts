/** The result on standard output: one JSON document, or what a person wants to read. */
import type { ProgramContext } from '../program-context.ts'
import { type Action, success } from './envelope.ts'

export interface ResultOptions<T> {
  readonly json: boolean
  readonly actions?: readonly Action[]
  /** With --quiet: the one word that a script wants, such as the CID. */
  readonly brief?: ((data: T) => string) | undefined
  readonly text: (data: T) => string
}

export function printResult<T>(
  { stdout }: Pick<ProgramContext, 'stdout'>,
  data: T,
  { json, actions = [], brief, text }: ResultOptions<T>,
): void {
  stdout.write(`${json ? JSON.stringify(success(data, actions), plain) : (brief ?? text)(data)}\n`)
}

/** Amounts are decimal strings in JSON, here as everywhere. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
