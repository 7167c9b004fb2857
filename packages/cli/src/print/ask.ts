/** Questions to the person at the terminal, on standard error: standard output has the result alone. */
import { Writable } from 'node:stream'
import type { ProgramContext } from '../program-context.ts'

type Terminal = Pick<ProgramContext, 'stdin' | 'stderr'>

/** Whether there is anybody to ask: not in a pipe, and not in a build. */
export function somebodyWatches({ stdin, stderr, env }: Terminal & Pick<ProgramContext, 'env'>): boolean {
  const isTerminal = (stream: object) => (stream as { isTTY?: boolean }).isTTY === true
  return isTerminal(stdin) && isTerminal(stderr) && !env.CI
}

export interface AskOptions {
  /** What is typed is not shown. @default false */
  readonly hidden?: boolean
  readonly signal?: AbortSignal | undefined
}

/** @returns the line that was typed; empty at the end of input @throws an abort error at Ctrl-C */
export async function ask({ stdin, stderr }: Terminal, question: string, options: AskOptions = {}): Promise<string> {
  const { hidden = false, signal } = options
  const { createInterface } = await import('node:readline/promises')
  const { promise: interrupted, reject } = Promise.withResolvers<never>()
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  if (hidden) stderr.write(question)
  const lines = createInterface(
    hidden ? { input: stdin, output: silent, terminal: true, historySize: 0 } : { input: stdin, output: stderr },
  )
  // In raw mode Ctrl-C is a key that readline reads, no signal to the process; the end of input (Ctrl-D) is no answer.
  lines.on('SIGINT', () => reject(new DOMException('the question was interrupted', 'AbortError')))
  let isTyped = false
  const ended = new Promise<string>((resolve) => lines.on('close', () => setImmediate(resolve, '')))
  try {
    const answered = lines
      .question(hidden ? '' : question, signal === undefined ? {} : { signal })
      .then((line) => {
        isTyped = true
        return line
      })
      .catch((error: unknown) => {
        if (signal?.aborted) throw error
        return ''
      })
    return await Promise.race([answered, interrupted, ended])
  } finally {
    lines.close()
    // The end of a line that is typed is shown by the terminal; what is said after a Ctrl-C begins on a line of its own, too.
    if (hidden || !isTyped) stderr.write('\n')
  }
}

/** Anything but a yes is a no. */
export function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim())
}
