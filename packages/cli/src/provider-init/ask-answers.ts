/** The questions of `provider init`: each has an answer that Enter gives, and an option by which a script says the same. */
import { InvalidArgumentError } from 'commander'
import { ask } from '../print/ask.ts'
import type { ProgramContext } from '../program-context.ts'

export interface Question<T> {
  readonly text: string
  /** What Enter means, in words. */
  readonly otherwise: string
  readonly parse: (answer: string) => T
}

type Terminal = Pick<ProgramContext, 'stdin' | 'stderr'>

/** Asked again until the answer is one. @returns undefined for Enter @throws an abort error at Ctrl-C */
export async function askFor<T>(
  terminal: Terminal,
  { text, otherwise, parse }: Question<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  for (;;) {
    const answer = (await ask(terminal, `${text} [${otherwise}] `, { signal })).trim()
    if (answer === '') return undefined
    try {
      return parse(answer)
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      terminal.stderr.write(`  ${error.message}\n`)
    }
  }
}
