/** Runs the program: in this process with outputs of its own, or, where the process is what is tested, as a user does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { run } from '../src/run.ts'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

type Environment = Readonly<Record<string, string>>

/** Nothing of whoever runs the tests. */
const nowhere = { GRANARY_HOME: '/nowhere/granary-test', GRANARY_CONFIG: '/nowhere/granary-test/config.yaml' }

export const bin: string = fileURLToPath(new URL('../bin/granary.js', import.meta.url))

export async function granary(
  args: readonly string[],
  env: Environment = {},
  stdin: Iterable<Uint8Array> = [],
  cwd = '/',
  onStderr: (text: string) => void = () => undefined,
): Promise<Ran> {
  const written = { stdout: '', stderr: '' }
  const into = (name: keyof typeof written) =>
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        written[name] += chunk
        if (name === 'stderr') onStderr(String(chunk))
        done()
      },
    })
  const code = await run(args, {
    stdout: into('stdout'),
    stderr: into('stderr'),
    stdin: Readable.from(stdin),
    env: { ...nowhere, ...env },
    cwd: () => cwd,
  })
  return { code, ...written }
}

export async function spawnGranary(args: readonly string[], stdin: Uint8Array = new Uint8Array()): Promise<Ran> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: tmpdir(),
    env: { ...process.env, NODE_OPTIONS: '', ...nowhere },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // A program that ends before it has read all does so for a reason of its own.
  child.stdin.on('error', () => undefined).end(stdin)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, stdout, stderr }
}
