import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, test } from '@jest/globals'
import { fileLock, lockFile } from './file-lock.ts'

const SOURCES = '--conditions=@granary/source'

const folder = mkdtempSync(join(tmpdir(), 'granary-lock-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a lock is held once, and free again when it is disposed of', async () => {
  const path = join(folder, 'one.lock')
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
  const flags = [SOURCES, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]
  const child = spawn(process.execPath, flags)
  const [line] = await once(child.stdout, 'data')
  expect(String(line)).toBe('held\n')
  expect(lockFile(path)).toBeUndefined()
  child.kill('SIGKILL')
  await once(child, 'close')
  const lock = lockFile(path)
  expect(lock).toBeDefined()
  await lock?.[Symbol.asyncDispose]()
})

test('the file of a lock goes with it', async () => {
  const alone = join(folder, 'alone')
  const lock = await fileLock(alone).take('one')
  expect(readdirSync(alone)).toEqual(['one.lock'])
  await lock?.[Symbol.asyncDispose]()
  await lock?.[Symbol.asyncDispose]()
  expect(readdirSync(alone)).toEqual([])
})

test('however often it is taken and let go of at once, a lock has one holder', async () => {
  const path = join(folder, 'contended.lock')
  const [HOLDERS, SHARED, ROUNDS] = [0, 1, 40]
  const seen = new Int32Array(new SharedArrayBuffer(8))
  const program = `
    const { workerData: seen } = require('node:worker_threads')
    const never = new Int32Array(new SharedArrayBuffer(4))
    import(${JSON.stringify(import.meta.resolve('./file-lock.ts'))}).then(({ lockFile }) => {
      for (let taken = 0; taken < ${ROUNDS}; ) {
        const lock = lockFile(${JSON.stringify(path)})
        if (lock === undefined) continue
        taken += 1
        if (Atomics.add(seen, ${HOLDERS}, 1) > 0) Atomics.add(seen, ${SHARED}, 1)
        Atomics.wait(never, 0, 0, 1)
        Atomics.sub(seen, ${HOLDERS}, 1)
        lock[Symbol.asyncDispose]()
      }
    })`
  const workers = Array.from(
    { length: 3 },
    () => new Worker(program, { eval: true, workerData: seen, execArgv: [SOURCES] }),
  )
  await Promise.all(workers.map((worker) => once(worker, 'exit')))
  expect([...seen]).toEqual([0, 0])
})
