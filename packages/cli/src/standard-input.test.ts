import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { bin } from '../test/granary.ts'

const onUnix = process.platform === 'win32' ? test.skip : test
const why = process.platform === 'win32' ? ': there is no such shell here' : ''

/** By a shell: what starts a process from Node leaves no standard input closed. */
async function inShell(words: string, input: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, GRANARY_HOME: '/nowhere/granary-test', GRANARY_CHAIN: 'http://127.0.0.1:1' }
  const child = spawn('sh', ['-c', `exec "$0" "$1" ${words} ${input}`, process.execPath, bin], { cwd: tmpdir(), env })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, stdout, stderr }
}

onUnix(`a standard input that is closed is refused, and an empty one is not${why}`, async () => {
  for (const words of ['put -', 'tools commp -']) {
    const closed = await inShell(words, '<&-')
    expect({ code: closed.code, stdout: closed.stdout }).toEqual({ code: 2, stdout: '' })
    expect(closed.stderr).toContain('standard input is closed')
  }
  const empty = await inShell('tools commp -', '</dev/null')
  expect(empty).toMatchObject({ code: 0, stdout: expect.stringMatching(/payloadSize +0/) })
})
