import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { configTable } from '../test/config-table.ts'
import { changeConfig, newConfig, readConfig, writeConfig } from './config.ts'
import { configValue, describeConfig } from './config-keys.ts'

let path: string
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'granary-config-')), 'config.json')
})
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }))

const disk = { path: '/mnt/a', id: '7b5f2c3e-6a1d-4c8b-9e0f-1a2b3c4d5e6f', roles: [] }
const config = newConfig({ chainUrl: 'http://127.0.0.1:7460', profile: '8MiB-dev', name: 'one' })
const shown = '0x7043F45eA98bF02d9067ee56F42cFff98D435bAA'

test('what is written is read again', async () => {
  await writeConfig(path, { ...config, port: 7470 })
  expect(await readConfig(path)).toEqual({ ...config, port: 7470 })
})

test('one that others could read is taken from them when it is looked at next, changed or not', async () => {
  await writeConfig(path, config)
  await chmod(path, 0o644)
  await changeConfig(path, {})
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('of those who change it at once none loses what another has written', async () => {
  await writeConfig(path, config)
  const changes = { name: 'two', region: 'north', port: 7480, adminPort: 7472, 'ask.pieceSizeMin': 256 }
  await Promise.all(Object.entries(changes).map(([key, value]) => changeConfig(path, { [key]: value })))
  const { name, region, port, adminPort, ask } = await readConfig(path)
  expect({ name, region, port, adminPort, 'ask.pieceSizeMin': ask.pieceSizeMin }).toEqual(changes)
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
  ['a volume under two paths', JSON.stringify({ ...config, volumes: [disk, { ...disk, path: '/mnt/b' }] })],
  ['an account with a wrong letter', JSON.stringify({ ...config, clients: { deny: [shown.replace('F', 'f')] } })],
  ['a chain that is no address', JSON.stringify({ ...config, chainUrl: 'ftp://example.org' })],
])('%s is refused with the file named', async (_, text) => {
  await writeFile(path, text)
  await expect(readConfig(path)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(path),
  })
})

test('an account is taken as a wallet shows it', async () => {
  await writeConfig(path, { ...config, owner: shown, clients: { deny: [shown] } })
  const { owner, clients } = await readConfig(path)
  expect([owner, clients.deny]).toEqual([shown.toLowerCase(), [shown.toLowerCase()]])
})

test('a key is changed and taken back, and nothing else in the file', async () => {
  const given = { schemaVersion: 1 as const, chainUrl: 'http://127.0.0.1:7460', profile: '8MiB-dev' }
  await writeConfig(path, given)
  const changed = await changeConfig(path, { 'ask.pieceSizeMin': 256, name: 'two' })
  expect(changed).toEqual(await readConfig(path))
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...given, name: 'two', ask: { pieceSizeMin: 256 } })
  await expect(changeConfig(path, { 'ask.pieceSizeMin': configValue('ask.pieceSizeMin', '-1') })).rejects.toMatchObject(
    {
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('ask.pieceSizeMin: Too small'),
      hint: expect.stringContaining('the file is as it was'),
    },
  )
  await expect(changeConfig(path, { 'ask.price': 1 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await changeConfig(path, { 'ask.pieceSizeMin': undefined })
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...given, name: 'two', ask: {} })
})

test('every key says what it means, what it is and where that comes from', async () => {
  await writeConfig(path, { schemaVersion: 1, chainUrl: 'http://127.0.0.1:7460', profile: '8MiB-dev', name: 'one' })
  const keys = await describeConfig(path)
  expect(keys.filter(({ description }) => description === '')).toEqual([])
  expect(keys.map(({ key }) => key)).toEqual(
    expect.arrayContaining(['ask.validMs', 'limits.downloads', 'capacityBytes']),
  )
  expect(keys).toContainEqual(
    expect.objectContaining({ key: 'name', value: 'one', origin: 'file', takesEffect: 'reload' }),
  )
  expect(keys).toContainEqual(
    expect.objectContaining({ key: 'limits.downloads', value: 16, origin: 'default', takesEffect: 'start' }),
  )
})

test.each([
  ['redis://:secret@10.0.0.7:6379/2', 'redis://10.0.0.7:6379/2'],
  ['rediss://me:secret@cache.example', 'rediss://cache.example'],
  ['redis://10.0.0.7:6379?password=secret', 'redis://10.0.0.7:6379'],
])('a Redis is kept as it is, and shown without its password: %s', async (redis, shown) => {
  const given = { schemaVersion: 1, chainUrl: 'http://127.0.0.1:7460', profile: '8MiB-dev', name: '' } as const
  await writeConfig(path, { ...given, sealing: { redis } })
  expect((await readConfig(path)).sealing.redis).toBe(redis)
  const key = (await describeConfig(path)).find((each) => each.key === 'sealing.redis')
  expect(key).toMatchObject({ value: shown, origin: 'file', takesEffect: 'start' })
})

test('what may be entered at the address of the chain is not shown', async () => {
  await writeConfig(path, { schemaVersion: 1, chainUrl: 'http://me:secret@chain.example', profile: '8MiB-dev' })
  expect(JSON.stringify(await describeConfig(path))).not.toContain('secret')
})

test('an address that is none of a Redis is refused, and not repeated', async () => {
  const given = { schemaVersion: 1, chainUrl: 'http://127.0.0.1:7460', profile: '8MiB-dev', name: '' } as const
  await expect(writeConfig(path, { ...given, sealing: { redis: 'http://:secret@here' } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.not.stringContaining('secret'),
  })
})

test('docs/operations/provider.md has every key, with its default and its meaning', async () => {
  await writeConfig(path, { schemaVersion: 1, chainUrl: 'http://127.0.0.1:7460', profile: '8MiB-dev' })
  const page = await readFile(new URL('../../../docs/operations/provider.md', import.meta.url), 'utf8')
  expect(page).toContain(await configTable(path))
})
