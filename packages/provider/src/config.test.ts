import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { newConfig, readConfig, writeConfig } from './config.ts'

let path: string
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'granary-config-')), 'config.json')
})
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }))

const config = newConfig({ chainUrl: 'http://127.0.0.1:7460', profile: '8MiB-dev', name: 'one' })

test('what is written is read again', async () => {
  await writeConfig(path, { ...config, port: 7470 })
  expect(await readConfig(path)).toEqual({ ...config, port: 7470 })
})

test('a home without one says how to make it', async () => {
  await expect(readConfig(path)).rejects.toMatchObject({ code: 'HOME_MISSING', details: { path } })
})

test.each([
  ['no JSON', 'not { json'],
  ['nothing', '{}'],
  ['a word that is not known', JSON.stringify({ ...config, prot: 7470 })],
  ['a port that is none', JSON.stringify({ ...config, port: 70_000 })],
  ['money that is not whole', JSON.stringify({ ...config, collateral: '1.5' })],
  ['another version', JSON.stringify({ ...config, schemaVersion: 2 })],
  ['a chain that is no address', JSON.stringify({ ...config, chainUrl: 'ftp://example.org' })],
])('%s is refused with the file named', async (_, text) => {
  await writeFile(path, text)
  await expect(readConfig(path)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(path),
  })
})
