/** Runs the program as a person at a terminal does, who answers its questions in their order. */
import { PassThrough } from 'node:stream'
import { run } from '../src/run.ts'
import type { Ran } from './granary.ts'

interface AtTerminal {
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly onStderr?: (text: string) => void
}

export async function atTerminal(
  args: readonly string[],
  answers: readonly string[],
  { env, cwd = '/', onStderr = () => undefined }: AtTerminal,
): Promise<Ran> {
  const written = { stdout: '', stderr: '' }
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin })
  const left = [...answers]
  const outputOf = (name: keyof typeof written) => {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: name === 'stderr' })
    stream.on('data', (text: string) => {
      written[name] += text
      if (name === 'stderr') onStderr(text)
      if (name === 'stderr' && /(: |\[y\/N\] )$/.test(text))
        setTimeout(() => stdin.write(`${left.shift() ?? ''}\r`), 20)
    })
    return stream
  }
  const context = {
    stdout: outputOf('stdout'),
    stderr: outputOf('stderr'),
    stdin: stdin as unknown as NodeJS.ReadStream,
  }
  const code = await run(args, { ...context, env, cwd: () => cwd })
  await new Promise((done) => setTimeout(done, 10))
  return { code, ...written }
}
