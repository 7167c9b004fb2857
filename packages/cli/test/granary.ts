/** Runs the program as a user does: a process of its own, its two outputs and its exit code. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export const bin: string = fileURLToPath(new URL('../bin/granary.js', import.meta.url))

export async function granary(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const { GRANARY_CHAIN: _chain, GRANARY_PASSPHRASE_FILE: _passphrase, ...own } = process.env
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: tmpdir(),
    env: { ...own, NODE_OPTIONS: '', GRANARY_HOME: '/nowhere/granary-test', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, stdout, stderr }
}
