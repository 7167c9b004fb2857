import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { asCalledHere, commandHere, invocation } from './invocation.ts'

let folder: string
let bin: string

/** As npm installs: the package in node_modules, a link to its program in .bin. */
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'granary-called-')))
  const modules = join(folder, 'app', 'node_modules')
  bin = join(modules, 'granary', 'bin', 'granary.js')
  await mkdir(join(modules, 'granary', 'bin'), { recursive: true })
  await mkdir(join(modules, '.bin'))
  await mkdir(join(folder, 'app', 'deep', 'er'), { recursive: true })
  await mkdir(join(folder, 'other', 'node_modules', '.bin'), { recursive: true })
  await mkdir(join(folder, 'path'))
  await writeFile(bin, '')
  await symlink('../granary/bin/granary.js', join(modules, '.bin', 'granary'))
  await writeFile(join(folder, 'other', 'node_modules', '.bin', 'granary'), "a stranger's")
  await chmod(bin, 0o755)
})
afterAll(() => rm(folder, { recursive: true }))

const from = (cwd: string, PATH = '') => invocation({ cwd: () => join(folder, cwd), env: { PATH }, bin })

test('where npx finds this very program, it is told to', () => {
  expect(from('app')).toBe('npx granary')
  expect(from('app/deep/er')).toBe('npx granary')
})

test('where npx would find another program, or ask a registry, the path is told', () => {
  expect(from('other')).toBe(join(folder, 'app/node_modules/.bin/granary'))
  expect(from('path')).toBe(join(folder, 'app/node_modules/.bin/granary'))
  expect(from('.')).toBe(join(folder, 'app/node_modules/.bin/granary'))
})

test('a name in the PATH is enough where it is this program, and is first', async () => {
  await symlink(bin, join(folder, 'path', 'granary'))
  expect(from('other', join(folder, 'path'))).toBe('granary')
  await mkdir(join(folder, 'before'))
  await writeFile(join(folder, 'before', 'granary'), "a stranger's")
  expect(from('app', [join(folder, 'before'), join(folder, 'path')].join(delimiter))).toBe('npx granary')
  // npx puts this before the PATH of what it starts, and nobody else has it.
  expect(from('path', join(folder, 'app/node_modules/.bin'))).toBe(join(folder, 'app/node_modules/.bin/granary'))
})

test('in a checkout the program is known by what the install linked', () => {
  const root = join(import.meta.dirname, '../../..')
  expect(invocation({ cwd: () => join(root, 'docs'), env: {} })).toBe('npx granary')
  expect(invocation({ cwd: () => tmpdir(), env: {} })).toBe(join(root, 'node_modules/.bin/granary'))
})

test('commands in a text are called as they are here, and nothing else is touched', () => {
  const input = { cwd: () => join(folder, 'app'), env: {}, bin }
  expect(asCalledHere('run `granary put FILE`, of granary', input)).toBe('run `npx granary put FILE`, of granary')
  expect(commandHere('granary get CID -o granary OUT', input)).toBe('npx granary get CID -o granary OUT')
  expect(commandHere('kill 7', input)).toBe('kill 7')
})
