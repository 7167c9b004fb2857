/** get, cat and ls of content that a gateway has, on a machine whose chain does not answer. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { packPath } from '@granary/content/node'
import { runGateway } from '@granary/provider/gateway'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { granary } from '../../test/granary.ts'
import { run } from '../run.ts'

let home: string
let cid: string
let wrapped: string
let fetched: readonly string[]
let stop: () => Promise<void>

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-cli-get-'))
  const folder = join(home, 'folder')
  await mkdir(join(folder, 'below', 'empty'), { recursive: true })
  await writeFile(join(folder, 'a file'), 'some text')
  await writeFile(join(folder, 'below', 'large'), 'x'.repeat(3_000_000))
  cid = (await packPath(folder, join(home, 'folder.car'))).rootCid
  await writeFile(join(home, 'poem.txt'), 'a poem')
  wrapped = (await packPath(join(home, 'poem.txt'), join(home, 'wrapped.car'), { wrap: 'poem.txt' })).rootCid
  const gateway = await runGateway({ cars: [join(home, 'folder.car'), join(home, 'wrapped.car')], port: 0 })
  stop = gateway.stop
  fetched = ['--gateway', gateway.url, '--chain', 'http://127.0.0.1:1']
})
afterAll(async () => {
  await stop()
  await rm(home, { recursive: true })
})

test('a folder is written whole, and replaced only when that is said', async () => {
  const out = join(home, 'out')
  const got = await granary(['get', cid, '-o', out, ...fetched])
  expect(got).toMatchObject({ code: 0, stdout: expect.stringContaining(`${out}  (2 files, 2.9 MiB`) })
  expect((await readdir(out, { recursive: true })).sort()).toEqual(['a file', 'below', 'below/empty', 'below/large'])
  expect(await readFile(join(out, 'below', 'large'), 'utf8')).toBe('x'.repeat(3_000_000))
  await writeFile(join(out, 'of mine'), '')
  const again = await granary(['get', cid, '-o', out, ...fetched])
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('--overwrite') })
  expect(await readdir(out)).toContain('of mine')
  expect(await granary(['get', cid, '-o', out, '--overwrite', ...fetched])).toMatchObject({ code: 0 })
  expect(await readdir(out)).not.toContain('of mine')
})

test('a file by its path, a part of it, and the whole as a CAR', async () => {
  const out = join(home, 'file')
  const { code, stdout } = await granary(['get', `ipfs://${cid}/a%20file`, '-o', out, '--json', ...fetched])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    data: { type: 'file', bytes: 9, files: 1, out, report: [{ endpoint: fetched[1], blocks: 2 }] },
  })
  expect(await readFile(out, 'utf8')).toBe('some text')
  expect(await granary(['get', `${cid}/a file`, '-o', out, '--range', '5-7', ...fetched])).toMatchObject({ code: 0 })
  expect(await readFile(out, 'utf8')).toBe('tex')
  const car = join(home, 'again.car')
  expect(await granary(['get', cid, '--car', '-o', car, ...fetched])).toMatchObject({ code: 0 })
  expect((await readFile(car)).equals(await readFile(join(home, 'folder.car')))).toBe(true)
})

test('a file that was put with its name comes back as that file, under that name where no other is given', async () => {
  for (const args of [['cat'], ['get', '-o', '-']])
    expect(await granary([...args, wrapped, ...fetched])).toEqual({ code: 0, stdout: 'a poem', stderr: '' })
  expect((await granary(['cat', wrapped, '--range', '2-3', ...fetched])).stdout).toBe('po')
  expect(await granary(['get', wrapped, '-o', join(home, 'copy'), ...fetched])).toMatchObject({ code: 0 })
  expect(await readFile(join(home, 'copy'), 'utf8')).toBe('a poem')
  const before = process.cwd()
  const empty = await mkdtemp(join(home, 'empty-'))
  process.chdir(empty)
  try {
    for (const flags of [[], ['-o', '.', '--overwrite']])
      expect(await granary(['get', wrapped, ...flags, ...fetched])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(join(empty, 'poem.txt')),
      })
    expect(await granary(['get', wrapped, ...fetched])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('-o'),
    })
  } finally {
    process.chdir(before)
  }
  expect(await readdir(empty)).toEqual(['poem.txt'])
  expect((await granary(['ls', wrapped, ...fetched])).stdout).toBe('-     6 bytes  poem.txt\n')
})

test('on a terminal nothing is cleared once the result stands there', async () => {
  const written: string[] = []
  const terminal = () =>
    Object.assign(
      new Writable({
        decodeStrings: false,
        write(text, _encoding, done) {
          written.push(text)
          done()
        },
      }),
      { isTTY: true, columns: 60, getColorDepth: () => 1 },
    )
  const args = ['get', `${cid}/below/large`, '-o', join(home, 'on-terminal'), ...fetched]
  const [stdout, stderr] = [terminal(), terminal()]
  const code = await run(args, { stdout, stderr, stdin: Readable.from([]), env: {}, cwd: () => '/' })
  expect(code).toBe(0)
  const result = written.findIndex((text) => text.includes('on-terminal'))
  expect(written.slice(0, result).join('')).toContain('\u001b[')
  expect(written.slice(result + 1).join('')).not.toContain('\u001b[')
})

test('standard output carries the bytes and nothing else', async () => {
  for (const args of [['cat'], ['get', '-o', '-']]) {
    const whole = await granary([...args, `${cid}/a file`, ...fetched])
    expect(whole).toEqual({ code: 0, stdout: 'some text', stderr: '' })
    const tail = await granary([...args, `${cid}/below/large`, '--range', '2999998-', ...fetched])
    expect(tail).toEqual({ code: 0, stdout: 'xx', stderr: '' })
  }
  const folder = await granary(['cat', cid, ...fetched])
  expect(folder).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is a directory, not a file') })
  expect(await granary(['get', cid, '-o', '-', '--json', ...fetched])).toMatchObject({ code: 2 })
})

test('ls gives type, size and name of each entry', async () => {
  const { code, stdout } = await granary(['ls', cid, ...fetched])
  expect([code, stdout]).toEqual([0, '-     9 bytes  a file\nd           -  below/\n'])
  const below = await granary(['ls', `${cid}/below`, '--long', ...fetched])
  expect(below.stdout).toMatch(/^d {11}- {2}baf\w+ {2}empty\/\n- {5}2\.9 MiB {2}baf\w+ {2}large\n$/)
  const document = JSON.parse((await granary(['ls', `${cid}/below`, '--json', ...fetched])).stdout)
  expect(document.data.entries).toMatchObject([
    { name: 'empty', type: 'directory' },
    { name: 'large', type: 'file', size: 3_000_000 },
  ])
  const file = await granary(['ls', `${cid}/a file`, ...fetched])
  expect(file.stdout).toBe('-     9 bytes  a file\n')
})

test.each([
  ['a name that is not there', ['get', '/none'], 'PATH_NOT_FOUND', 1],
  ['a range beyond the end', ['get', '/a file', '--range', '9-'], 'RANGE_INVALID', 1],
  ['a folder that is not there', ['get', '', '-o', '/nowhere/at/all'], 'OUT_INVALID', 1],
])('%s is refused by its code', async (_, [command = '', path = '', ...options], code, exit) => {
  const ran = await granary([command, `${cid}${path}`, '-o', join(home, 'not'), ...options, '--json', ...fetched])
  expect([ran.code, JSON.parse(ran.stdout).code]).toEqual([exit, code])
  expect(await readdir(home)).not.toContain('not')
})

test('what nobody has is a failure of the network, and says who was asked', async () => {
  const other = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  const ran = await granary(['get', other, '-o', join(home, 'not'), '--json', ...fetched])
  expect([ran.code, JSON.parse(ran.stdout).error]).toMatchObject([
    5,
    { code: 'RETRIEVAL_FAILED', details: { failures: [{ endpoint: fetched[1], code: 'BLOCK_MISSING' }] } },
  ])
})
