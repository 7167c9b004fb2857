import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createFile, moveFile, replaceFile, writeFileDurably, writeFileDurablySync } from './durable-files.ts'

const moduleUrl = JSON.stringify(new URL('./durable-files.ts', import.meta.url).href)
let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-durable-'))
  path = join(folder, 'config.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A process of its own that runs the script and has said that it began. */
async function started(script: string): Promise<ChildProcess> {
  const source = `const files = await import(${moduleUrl}); const path = ${JSON.stringify(path)}; ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('a file is replaced whole, with its mode, and no temporary one stays', async () => {
  await writeFileDurably(path, 'one')
  await writeFileDurably(path, 'two', 0o600)
  expect(await readFile(path, 'utf8')).toBe('two')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  writeFileDurablySync(path, 'three')
  expect(await readFile(path, 'utf8')).toBe('three')
  expect(await readdir(folder)).toEqual(['config.json'])
})

test('a name as long as a name may be is written, too', async () => {
  for (const name of ['L'.repeat(255), `${'日'.repeat(84)}.md`, `${'🦀'.repeat(63)}.c`]) {
    await writeFileDurably(join(folder, name), 'long')
    writeFileDurablySync(join(folder, name), 'longer')
    expect([await readdir(folder), await readFile(join(folder, name), 'utf8')]).toEqual([[name], 'longer'])
    await rm(join(folder, name))
  }
})

test('who is killed in the middle of writing leaves the old file as it was', async () => {
  await writeFile(path, 'old')
  const child = await started(`await files.replaceFile(path, async (file) => {
    await file.writeFile('half of the ne')
    console.log('half')
    await new Promise(() => setInterval(() => {}, 1000))
  })`)
  await kill(child)
  expect(await readFile(path, 'utf8')).toBe('old')
  const names = (await readdir(folder)).filter((name) => name !== 'config.json')
  expect(names).toEqual([expect.stringMatching(/^config\.json\..+\.tmp$/)])
})

test.each(['writeFileDurably', 'writeFileDurablySync'])(
  'whenever a process that writes with %s is killed, the file is one of those that it wrote, whole',
  async (write) => {
    for (const afterMs of [0, 3, 10, 25]) {
      const child = await started(`for (let n = 0; ; n += 1) {
        await files.${write}(path, String(n % 10).repeat(300_000))
        if (n === 0) console.log('written once')
      }`)
      await sleep(afterMs)
      await kill(child)
      expect(await readFile(path, 'utf8')).toMatch(/^(\d)\1{299999}$/)
    }
  },
)

test('who writes the same file at once does not mix its bytes with the other', async () => {
  const contents = Array.from({ length: 8 }, (_, n) => String(n).repeat(100_000))
  await Promise.all(contents.map((content) => writeFileDurably(path, content)))
  expect(contents).toContain(await readFile(path, 'utf8'))
  expect(await readdir(folder)).toEqual(['config.json'])
})

test('a filling that fails leaves the old file and nothing else', async () => {
  await writeFile(path, 'old')
  const failing = async (): Promise<void> => {
    throw new Error('no more')
  }
  await expect(replaceFile(path, failing)).rejects.toThrow('no more')
  await expect(createFile(join(folder, 'other'), failing)).rejects.toThrow('no more')
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['config.json'])
})

test('a write that the disk refuses leaves nothing behind', async () => {
  const missing = join(folder, 'missing', 'config.json')
  await expect(writeFileDurably(missing, 'x')).rejects.toMatchObject({ code: 'ENOENT' })
  expect(() => writeFileDurablySync(folder, 'x')).toThrow(expect.objectContaining({ code: 'EISDIR' }))
  expect(await readdir(folder)).toEqual([])
})

test('of several who create a file one succeeds, and the others leave it as it is', async () => {
  const names = Array.from({ length: 5 }, (_, n) => `writer ${n}`)
  const ends = await Promise.allSettled(names.map((name) => createFile(path, (file) => file.writeFile(name), 0o600)))
  const won = ends.flatMap(({ status }, n) => (status === 'fulfilled' ? [names[n]] : []))
  expect(won).toEqual([await readFile(path, 'utf8')])
  const refused = ends.filter((end) => end.status === 'rejected').map((end) => end.reason.code)
  expect(refused).toEqual(['EEXIST', 'EEXIST', 'EEXIST', 'EEXIST'])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['config.json'])
})

test('a move goes between folders too', async () => {
  const inner = await mkdtemp(join(folder, 'inner-'))
  await writeFileDurably(path, 'moved')
  await moveFile(path, join(inner, 'there'))
  expect(await readFile(join(inner, 'there'), 'utf8')).toBe('moved')
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
})
