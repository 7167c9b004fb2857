/** What the program itself could destroy: a store that is gone, broken, old or another's, beside data that is not. */
import { createHash } from 'node:crypto'
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { initChain, runChain } from '@granary/chain/node'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import {
  agreeOnDeal,
  alertsOf,
  dealIn,
  type ProviderProcess,
  passphrase,
  startProvider,
  storeDeal,
  type TestDeal,
  until,
} from '../../test/provider-process.ts'
import { initProvider, rebuildProvider } from '../main.ts'
import { type ProviderFolders, providerFolders } from '../storage/folders.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient
let provider: ProviderProcess | undefined
/** With three active deals, the newest two younger than the copy of the store; nothing runs on it. */
let home: string
let folders: ProviderFolders
let deals: TestDeal[]
let whole: string
let twoDealsOld: string

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
  chain = createChainClient({ url: node.url })
  home = await newHome('provider')
  folders = providerFolders(home)
  await start()
  deals = [await activeDeal()]
  await stop()
  twoDealsOld = join(root.home, 'two-deals-old')
  await copyStore(folders.database, twoDealsOld)
  await start()
  deals.push(await activeDeal(), await activeDeal())
  await stop()
  whole = join(root.home, 'whole')
  await copyStore(folders.database, whole)
}, 180_000)
afterEach(stop)
afterAll(async () => {
  await stop()
  await node.stop()
  await root.remove()
})

async function newHome(name: string): Promise<string> {
  const folder = join(root.home, name)
  await initProvider({ home: folder, chainUrl: node.url, profile: '2KiB-test', passphrase, light: true })
  return folder
}

async function start(of = home): Promise<ProviderProcess> {
  provider = await startProvider({ home: of, cacheHome: join(root.home, 'cache'), chainUrl: node.url })
  return provider
}

async function stop(): Promise<void> {
  await provider?.kill()
  provider = undefined
}

async function activeDeal(): Promise<TestDeal> {
  const deal = await storeDeal(chain, provider!.url)
  await dealIn(provider!.url, deal.agreementId, 'active')
  return deal
}

async function copyStore(from: string, to: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) {
    await rm(`${to}${suffix}`, { force: true })
    await copyFile(`${from}${suffix}`, `${to}${suffix}`).catch(() => {})
  }
}

/** Every file of pieces and sectors, with its hash. A provider that runs removes what it has done with: none may run. */
async function dataOf({ pieces, sectors }: ProviderFolders): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const folder of [pieces, sectors])
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.endsWith('.tmp')) continue
      const path = join(entry.parentPath, entry.name)
      files[relative(folder, path)] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
    }
  return files
}

const faults: readonly (readonly [name: string, fault: string, damage: () => Promise<void>])[] = [
  ['deleted', 'missing', () => copyStore(join(root.home, 'nothing'), folders.database)],
  ['restored from a copy two deals old', 'behind', () => copyStore(twoDealsOld, folders.database)],
  ['with a page of something else in its middle', 'damaged', garble],
  ['no database at all', 'damaged', scribble],
  ["another home's", 'foreign', async () => change("UPDATE settings SET value = 'another' WHERE key = 'homeId'")],
  ['with nothing in it', 'empty', async () => change('DELETE FROM settings')],
]

function change(sql: string): void {
  const db = new DatabaseSync(folders.database)
  db.exec(sql)
  db.close()
}

async function scribble(): Promise<void> {
  // Without its log, from which SQLite would make all of it again.
  await copyStore(join(root.home, 'nothing'), folders.database)
  await writeFile(folders.database, 'x'.repeat(10_000))
}

async function garble(): Promise<void> {
  // Closing it moves everything into the one file.
  change('VACUUM')
  const bytes = await readFile(folders.database)
  await writeFile(folders.database, bytes.fill(0xa5, 3 * 4_096, bytes.length - 4_096))
}

test.each(faults)(
  'provider.sqlite %s: refused by name, and nothing is touched',
  async (_, fault, damage) => {
    const before = await dataOf(folders)
    await damage()
    await expect(start()).rejects.toMatchObject({
      code: 'STORE_LOST',
      details: { fault, path: folders.database },
      hint: expect.stringContaining('granary provider rebuild'),
    })
    expect(await dataOf(folders)).toEqual(before)
    await copyStore(whole, folders.database)
  },
  60_000,
)

test('provider.sqlite and what stands beside it deleted: the disk says that there was a store', async () => {
  const before = await dataOf(folders)
  const beside = await readFile(folders.homeRecord)
  await copyStore(join(root.home, 'nothing'), folders.database)
  await rm(folders.homeRecord)
  await expect(start()).rejects.toMatchObject({ code: 'STORE_LOST' })
  expect(await dataOf(folders)).toEqual(before)
  await writeFile(folders.homeRecord, beside)
  await copyStore(whole, folders.database)
}, 60_000)

test('a record of the home that cannot be read: nothing shows that the store is the newest, so nothing starts', async () => {
  const beside = await readFile(folders.homeRecord)
  for (const garbage of ['', 'garbage', '{"schemaVersion":1}']) {
    await writeFile(folders.homeRecord, garbage)
    await expect(start()).rejects.toMatchObject({ code: 'HOME_RECORD_INVALID' })
    expect(await readFile(folders.homeRecord, 'utf8')).toBe(garbage)
  }
  await writeFile(folders.homeRecord, beside)
}, 60_000)

test('a whole home of two deals ago: the chain says that there was more', async () => {
  const old = join(root.home, 'old-home')
  await cp(home, old, { recursive: true })
  const oldFolders = providerFolders(old)
  await copyStore(twoDealsOld, oldFolders.database)
  await rm(oldFolders.homeRecord)
  for (const number of ['2', '3']) await rm(join(oldFolders.sectors, number), { recursive: true })
  await expect(start(old)).rejects.toMatchObject({ code: 'STORE_LOST', details: { fault: 'behind' } })
}, 60_000)

test('provider rebuild: the deals, sectors and pieces are there again, proven, and numbers go on', async () => {
  await copyStore(join(root.home, 'nothing'), folders.database)
  const before = await dataOf(folders)
  const report = await rebuildProvider({ home, passphrase, chainUrl: node.url })
  expect(report).toMatchObject({
    deals: { live: 3, ended: 0 },
    sectors: { proving: 3 },
    pieces: { found: 3, missing: [] },
    nextSector: 4,
    oldStore: undefined,
  })
  expect(report.unknown.join(' ')).toMatch(/not on the chain yet.*uploads/)
  expect(await dataOf(folders)).toEqual(before)

  const { url, log } = await start()
  const startedAt = (await chain.status()).height
  const sectors = await Promise.all(
    deals.map(async ({ agreementId }) => (await dealIn(url, agreementId, 'active')).sector),
  )
  expect(sectors.toSorted()).toEqual([1, 2, 3])
  for (const { car } of deals) {
    const served = await fetch(`${url}/piece/${car.pieceCid}`)
    expect(Buffer.from(await served.arrayBuffer()).equals(car.bytes)).toBe(true)
  }
  const deal = await activeDeal()
  expect((await dealIn(url, deal.agreementId, 'active')).sector).toBe(4)
  await until('the rebuilt sectors are proven', async () => log.find((event) => event.type === 'post:accepted'), 90_000)
  // A challenge that was open while nothing ran may be over before the start.
  expect(
    log.filter(({ type, challengeEpoch }) => type === 'post:missed' && Number(challengeEpoch) > startedAt),
  ).toEqual([])
  deals.push(deal)
  await stop()
  // Layers and proofs go once the chain has the sector; what is kept of it does not change.
  const kept = Object.entries(before).filter(([path]) => /replica$|\.car$/.test(path))
  expect(await dataOf(folders)).toMatchObject(Object.fromEntries(kept))
  await copyStore(folders.database, whole)
}, 180_000)

test('a rebuild knows a sector that is only pre-committed, and one that is only being sealed', async () => {
  const { url } = await start()
  const deal = await storeDeal(chain, url)
  const { sector } = await dealIn(url, deal.agreementId, 'sealing')
  const record = join(folders.sectors, String(sector), 'sector.json')
  await until('its folder says what is in it', () => readFile(record).catch(() => undefined))
  await stop()
  await rename(folders.database, join(root.home, 'put-away'))
  const report = await rebuildProvider({ home, passphrase, chainUrl: node.url })
  expect((report.sectors.sealing ?? 0) + (report.sectors.precommitted ?? 0) + (report.sectors.proving ?? 0)).toBe(5)
  const again = await start()
  expect((await dealIn(again.url, deal.agreementId, 'active')).sector).toBe(sector)
}, 120_000)

test('what the store does not know is set aside and named; a folder with the manifest of another sector stays', async () => {
  const foreign = join(folders.sectors, '50')
  await cp(join(folders.sectors, '2'), foreign, { recursive: true })
  await writeFile(join(folders.pieces, 'unknown.car'), 'perhaps somebody needs it')
  await mkdir(folders.staging, { recursive: true })
  await writeFile(join(folders.staging, 'f'.repeat(32)), 'half an upload')
  const before = await dataOf(folders)
  const { url } = await start()
  const aside = (await readdir(join(folders.pieces, 'aside'))).filter((name) => name.endsWith('unknown.car'))
  expect(aside).toHaveLength(1)
  expect(await readdir(join(folders.staging, 'aside'))).toHaveLength(1)
  const alerts = await alertsOf(url)
  expect(alerts.filter(({ code }) => code === 'SET_ASIDE')).toEqual(
    expect.arrayContaining([expect.objectContaining({ subject: aside[0] })]),
  )
  const deal = await activeDeal()
  expect((await dealIn(url, deal.agreementId, 'active')).sector).toBe(51)
  await stop()
  const now = await dataOf(folders)
  for (const [path, hash] of Object.entries(before))
    if (path.startsWith('50/')) expect([path, now[path]]).toEqual([path, hash])
}, 120_000)

test('a deal that was signed under a lost store and is published later is taken over', async () => {
  const signed = await agreeOnDeal(chain, (await start()).url)
  await stop()
  await rename(folders.database, join(root.home, 'put-away-too'))
  const { deals: rebuilt } = await rebuildProvider({ home, passphrase, chainUrl: node.url })
  const { url } = await start()
  expect((await alertsOf(url)).map(({ subject }) => subject)).toContainEqual(
    expect.stringContaining(signed.car.pieceCid),
  )
  await signed.publish()
  await dealIn(url, signed.agreementId, 'active')
  expect((await alertsOf(url)).map(({ code, subject }) => [code, subject])).toContainEqual([
    'DEAL_ADOPTED',
    signed.agreementId,
  ])
  await stop()
  expect((await rebuildProvider({ home, passphrase, chainUrl: node.url })).deals.live).toBe(rebuilt.live + 1)
}, 120_000)
