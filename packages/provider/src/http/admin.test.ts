/** The owner's listener of a running provider: who is let in, and what is said. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { dealIn, passphrase, storeDeal, until } from '../../test/provider-process.ts'
import { type Devnet, startDevnet } from '../../test/start-devnet.ts'
import { askProvider } from '../admin-access.ts'
import { changeConfig } from '../config.ts'
import { initProvider, type RunningProvider, runProvider } from '../main.ts'
import {
  abandonSector,
  getSectorLife,
  getStatus,
  listAlerts,
  listDeals,
  listSectors,
  listTraffic,
  reloadConfig,
  retrySector,
} from './admin-operations.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let provider: RunningProvider
let folder: string
let stored: { pieceCid: string; rootCid: string }
let access: { url: string; token: string }

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
  const { chain } = devnet
  const home = join(root.home, 'a')
  folder = join(home, 'provider')
  await initProvider({ home, chainUrl: chain.url, profile: '2KiB-test', passphrase, light: true })
  const cacheHome = join(root.home, 'cache')
  provider = await runProvider({ home, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs: 0 })
  access = JSON.parse(await readFile(join(folder, 'admin.json'), 'utf8'))
  const deal = await storeDeal(chain, provider.url)
  const { agreementId } = deal
  stored = deal.car
  await dealIn(provider.url, agreementId, 'active')
}, 60_000)
afterAll(async () => {
  await provider.stop()
  await devnet.stop()
  await root.remove()
})

const path = () => join(folder, 'admin.json')

test('only who may read the file of the home is let in, on the loopback, and the public listener has none of it', async () => {
  expect((await stat(path())).mode & 0o777).toBe(0o600)
  expect(new URL(access.url).hostname).toBe('127.0.0.1')
  for (const route of ['/admin/v1/status', '/metrics', '/openapi.json', '/nowhere']) {
    const asked = await fetch(access.url + route)
    expect([asked.status, ((await asked.json()) as { error: { code: string } }).error.code]).toEqual([
      401,
      'TOKEN_MISSING',
    ])
    const guessed = await fetch(access.url + route, { headers: { authorization: `Bearer ${'x'.repeat(43)}` } })
    expect([guessed.status, ((await guessed.json()) as { error: { code: string } }).error.code]).toEqual([
      401,
      'TOKEN_INVALID',
    ])
    const outside = await fetch(provider.url + route, { headers: { authorization: `Bearer ${access.token}` } })
    expect(route === '/openapi.json' ? 200 : 404).toBe(outside.status)
    const text = await outside.text()
    if (route === '/openapi.json') expect(text).not.toContain('/admin/v1')
    else expect(text).toContain('ROUTE_NOT_FOUND')
  }
})

test('status, sectors, deals and alerts are those of the store, and the document names all of them', async () => {
  // A proof may be on its way to the chain.
  const status = await until('nothing is on its way', async () => {
    const now = await askProvider(path(), getStatus)
    return now.outbox === 0 ? now : undefined
  })
  expect(status).toMatchObject({ provider: provider.providerId, ready: true, reasons: [], acceptDeals: true })
  expect(status).toMatchObject({ sectors: { proving: 1 }, deals: { active: 1 }, url: provider.url })
  const { sectors, next } = await askProvider(path(), listSectors)
  expect([sectors.length, next, sectors[0]]).toEqual([
    1,
    null,
    expect.objectContaining({ state: 'proving', deals: [1] }),
  ])
  expect((await askProvider(path(), listSectors, { query: `?after=${sectors[0]!.number}` })).sectors).toEqual([])
  expect((await askProvider(path(), listDeals)).deals).toMatchObject([{ state: 'active', sector: sectors[0]!.number }])
  expect(await askProvider(path(), listAlerts)).toEqual({ alerts: [] })
  const headers = { authorization: `Bearer ${access.token}` }
  const document = (await (await fetch(`${access.url}/openapi.json`, { headers })).json()) as { paths: object }
  expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/admin/v1/status', '/admin/v1/reload']))
})

test('what is fetched is counted by the root that it is stored under', async () => {
  expect(await askProvider(path(), listTraffic)).toMatchObject({ roots: [], others: { answers: 0 } })
  const { pieceCid, rootCid } = stored
  const piece = await (await fetch(`${provider.url}/piece/${pieceCid}`)).bytes()
  const file = await (await fetch(`${provider.url}/ipfs/${rootCid}`)).bytes()
  await fetch(`${provider.url}/ipfs/${rootCid}`, { method: 'HEAD' })
  await fetch(`${provider.url}/ipfs/${rootCid}`, { headers: { 'If-None-Match': `"${rootCid}"` } })
  const { roots } = await until('both answers are counted', async () => {
    const report = await askProvider(path(), listTraffic)
    return report.roots[0]?.answers === 2 ? report : undefined
  })
  expect(roots).toEqual([
    expect.objectContaining({ root: rootCid, httpBytes: piece.length + file.length, bitswapBytes: 0 }),
  ])
  const metrics = await fetch(`${access.url}/metrics`, { headers: { authorization: `Bearer ${access.token}` } })
  expect(await metrics.text()).toContain(
    `granary_provider_served_bytes_total{way="http"} ${piece.length + file.length}`,
  )
})

test('a reload is applied, or refused with its reason', async () => {
  const config = join(folder, 'config.json')
  const before = await readFile(config, 'utf8')
  await changeConfig(config, { name: 'by the owner' })
  expect(await askProvider(path(), reloadConfig)).toEqual({ changed: ['name "" → "by the owner"'], waiting: [] })
  expect((await devnet.chain.provider(provider.providerId)).name).toBe('by the owner')
  await writeFile(config, '{}')
  await expect(askProvider(path(), reloadConfig)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await writeFile(config, before)
  await askProvider(path(), reloadConfig)
})

test('a reload reads the denylists anew, and keeps the earlier ones where one cannot be read', async () => {
  const root = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
  const config = join(folder, 'config.json')
  const before = await readFile(config, 'utf8')
  const ask = async () => (await fetch(`${provider.url}/ipfs/${root}`)).status
  expect(await ask()).toBe(404)
  await writeFile(join(folder, 'own.deny'), `/ipfs/${root}\nnonsense\n`)
  await changeConfig(config, { denylists: ['own.deny'] })
  await askProvider(path(), reloadConfig)
  expect(await ask()).toBe(410)
  const codes = async () => (await askProvider(path(), listAlerts)).alerts.map(({ code }) => code)
  expect(await codes()).toEqual(['DENYLIST_RULES_SKIPPED'])
  await changeConfig(config, { denylists: ['own.deny', 'none.deny'] })
  await expect(askProvider(path(), reloadConfig)).rejects.toMatchObject({ code: 'DENYLIST_UNREADABLE' })
  expect([await ask(), await codes()]).toEqual([410, ['DENYLIST_RULES_SKIPPED', 'CONFIG_NOT_APPLIED']])
  await writeFile(join(folder, 'own.deny'), '')
  await changeConfig(config, { denylists: ['own.deny'] })
  await askProvider(path(), reloadConfig)
  expect([await ask(), await codes()]).toEqual([404, []])
  await writeFile(config, before)
  await askProvider(path(), reloadConfig)
})

test('metrics are named with units and count what happens', async () => {
  const answer = await fetch(`${access.url}/metrics`, { headers: { authorization: `Bearer ${access.token}` } })
  expect(answer.headers.get('content-type')).toContain('text/plain')
  const text = await answer.text()
  expect(text).toContain('granary_provider_ready 1')
  expect(text).toContain('granary_provider_sectors{state="proving"} 1')
  expect(text).toMatch(/granary_provider_disk_free_bytes [1-9]/)
  expect(text).toMatch(/process_resident_memory_bytes [1-9]/)
  const own = [...text.matchAll(/^# TYPE (granary_\S+)/gm)].map(([, name]) => name!)
  expect(own.length).toBeGreaterThan(12)
  expect(own.filter((name) => !/^granary_provider_[a-z_]+$/.test(name))).toEqual([])
})

test('a home in which none runs says so', async () => {
  const none = join(root.home, 'none.json')
  await expect(askProvider(none, getStatus)).rejects.toMatchObject({ code: 'PROVIDER_NOT_RUNNING' })
  await writeFile(none, JSON.stringify({ url: 'http://127.0.0.1:1', token: 'x' }))
  await expect(askProvider(none, getStatus)).rejects.toMatchObject({ code: 'PROVIDER_NOT_RUNNING' })
})

test('the life of a sector is told, it is tried again, and one that is on the chain is not given up', async () => {
  const [sector] = (await askProvider(path(), listSectors)).sectors
  const params = { number: sector!.number }
  const { state, failures, events } = await askProvider(path(), getSectorLife, { params })
  expect([state, failures, events[0]?.state, events.at(-1)?.state]).toEqual(['proving', 0, 'filling', 'proving'])
  expect(events.every(({ epoch }) => epoch !== null && epoch > 0)).toBe(true)
  expect((await askProvider(path(), retrySector, { params })).state).toBe('proving')
  await expect(askProvider(path(), abandonSector, { params })).rejects.toMatchObject({ code: 'SECTOR_STATE_WRONG' })
  const unknown = askProvider(path(), retrySector, { params: { number: 77 } })
  await expect(unknown).rejects.toMatchObject({ code: 'SECTOR_MISSING' })
})

test('started while its chain is away it serves what it stores, says what is wrong, and goes on when the chain is back', async () => {
  await provider.stop()
  await devnet.stop()
  const home = join(root.home, 'a')
  const log: { type: string }[] = []
  const ending = new AbortController()
  const options = { home, cacheHome: join(root.home, 'cache'), port: 0, libp2pPort: undefined, passphrase }
  const started = (signal?: AbortSignal): Promise<RunningProvider> =>
    runProvider({ ...options, sealAfterMs: 0, log: (event) => log.push(event), ...(signal && { signal }) })
  const waiting = (): Promise<true> =>
    until('it waits', async () => log.some(({ type }) => type === 'provider:waiting') || undefined)

  const ended = started(ending.signal).catch((error: unknown) => (error as Error).name)
  await waiting()
  ending.abort()
  expect(await ended).toBe('AbortError')

  log.length = 0
  const running = started()
  await waiting()
  expect((await fetch(`${provider.url}/ipfs/${stored.rootCid}`)).status).toBe(200)
  expect((await fetch(`${provider.url}/healthz`)).status).toBe(503)
  const info = await fetch(`${provider.url}/v1/info`)
  expect([info.status, await info.json()]).toEqual([503, { error: expect.objectContaining({ code: 'STARTING' }) }])
  const status = await askProvider(path(), getStatus)
  expect(status).toMatchObject({ ready: false, reasons: ['CHAIN_UNREACHABLE'], sectors: { proving: 1 }, money: null })
  expect(await askProvider(path(), listAlerts)).toMatchObject({ alerts: [{ code: 'CHAIN_UNREACHABLE' }] })
  await changeConfig(join(folder, 'config.json'), { name: 'changed meanwhile' })
  expect(await askProvider(path(), reloadConfig)).toEqual({ changed: [], waiting: [] })

  await devnet.restart()
  provider = await running
  expect((await fetch(`${provider.url}/healthz`)).status).toBe(200)
  expect((await devnet.chain.provider(provider.providerId)).name).toBe('changed meanwhile')
  expect(await askProvider(path(), getStatus)).toMatchObject({ ready: true, reasons: [] })
  const told = log.filter(({ type }) => type.startsWith('alert'))
  expect(told.map(({ type }) => type)).toEqual(['alert', 'alert:over'])
}, 30_000)
