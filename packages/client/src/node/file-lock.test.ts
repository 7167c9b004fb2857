import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { lockFile } from './file-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-lock-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a lock is held once, and free again when it is disposed of', async () => {
  const path = join(folder, 'deep', 'one.lock')
  const first = lockFile(path)
  expect(first).toBeDefined()
  expect(lockFile(path)).toBeUndefined()
  await first?.[Symbol.asyncDispose]()
  const second = lockFile(path)
  expect(second).toBeDefined()
  await second?.[Symbol.asyncDispose]()
})

test('a lock of a process that is killed is free', async () => {
  const path = join(folder, 'killed.lock')
  const program = `
    const { lockFile } = await import(${JSON.stringify(import.meta.resolve('./file-lock.ts'))})
    globalThis.held = lockFile(${JSON.stringify(path)})
    console.log(held ? 'held' : 'busy')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program])
  const [line] = await once(child.stdout, 'data')
  expect(String(line)).toBe('held\n')
  expect(lockFile(path)).toBeUndefined()
  child.kill('SIGKILL')
  await once(child, 'close')
  const lock = lockFile(path)
  expect(lock).toBeDefined()
  await lock?.[Symbol.asyncDispose]()
})
