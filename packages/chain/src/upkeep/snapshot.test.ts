import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createChainClient, sendMessage } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { type Devnet, fundedSigner, newSigner, startDevnet, temporaryFolder } from '../../test/devnet.ts'
import { homeFiles } from '../home/home-files.ts'
import { exportSnapshot, importSnapshot, replayChain, runChain, verifyChain } from '../main.ts'

let devnet: Devnet
let home: string
let to: string
let genesisHash: Hash
let snapshot: string
let exported: Awaited<ReturnType<typeof exportSnapshot>>
let folder: string

beforeAll(async () => {
  devnet = await startDevnet()
  home = devnet.home
  const { chain } = devnet
  genesisHash = (await chain.status()).genesisHash
  to = newSigner().address
  for (let round = 0; round < 3; round++) {
    const signer = await fundedSigner(chain)
    await sendMessage({ chain, signer, kind: 'Transfer', body: { to: signer.address, amount: 1n } })
    await sendMessage({ chain, signer, kind: 'Transfer', body: { to: to as Hash, amount: 1n } })
  }
  await devnet.node.stop()
  snapshot = join(home, 'a.snapshot')
  exported = await exportSnapshot({ home, out: snapshot })
})

afterAll(() => rm(home, { recursive: true }))

beforeEach(async () => {
  folder = await temporaryFolder()
})

afterEach(() => rm(folder, { recursive: true }))

/** The chain's folder without its blocks: what a new machine of the same validator has. */
async function copyKeys(): Promise<void> {
  await mkdir(join(folder, 'chain'))
  for (const name of await readdir(join(home, 'chain'))) {
    if (!name.startsWith('chain.sqlite')) await copyFile(join(home, 'chain', name), join(folder, 'chain', name))
  }
}

test('a snapshot imported elsewhere is the same chain, exports the same bytes and goes on', async () => {
  await copyKeys()
  const imported = await importSnapshot({ home: folder, path: snapshot })
  expect(imported).toMatchObject({ genesisHash, height: exported.height + 1, records: exported.records })
  const again = await exportSnapshot({ home: folder, out: join(folder, 'b.snapshot') })
  expect(await readFile(again.path)).toEqual(await readFile(snapshot))
  expect(again).toEqual({ ...exported, path: again.path })
  expect(await verifyChain({ home: folder })).toMatchObject({ height: imported.height, blocks: 2, states: 2 })

  const node = await runChain({ home: folder, port: 0 })
  try {
    const chain = createChainClient({ url: node.url })
    expect((await chain.account(to as Hash)).balance).toBe('3')
    const signer = await fundedSigner(chain)
    await sendMessage({ chain, signer, kind: 'Transfer', body: { to: to as Hash, amount: 1n } })
    expect((await chain.account(to as Hash)).balance).toBe('4')
    const next = await chain.block(imported.height + 1)
    expect(next.header).toMatchObject({ appHash: imported.appHash })
    await expect(chain.block(0)).rejects.toMatchObject({ code: 'BLOCK_NOT_FOUND' })
  } finally {
    await node.stop()
  }
  await expect(importSnapshot({ home: folder, path: snapshot })).rejects.toMatchObject({ code: 'HOME_EXISTS' })
  await expect(replayChain({ home: folder })).rejects.toMatchObject({ code: 'REPLAY_NO_HISTORY' })
})

test('without a genesis file the hash of the genesis is asked, and a wrong one refused', async () => {
  await expect(importSnapshot({ home: folder, path: snapshot })).rejects.toMatchObject({ code: 'GENESIS_UNKNOWN' })
  await expect(
    importSnapshot({ home: folder, path: snapshot, genesisHash: `0x${'11'.repeat(32)}` }),
  ).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' })
  await importSnapshot({ home: folder, path: snapshot, genesisHash })
  expect(JSON.parse(await readFile(homeFiles(folder).genesis, 'utf8'))).toEqual(
    JSON.parse(await readFile(homeFiles(home).genesis, 'utf8')),
  )
})

test('an older state can be exported, one that is not kept cannot', async () => {
  const older = await exportSnapshot({ home, out: join(folder, 'older'), height: exported.height - 1 })
  expect((await importSnapshot({ home: folder, path: older.path, genesisHash })).height).toBe(exported.height)
  for (const height of [exported.height + 1, exported.height + 100, 2 ** 40]) {
    await expect(exportSnapshot({ home, out: join(folder, 'x'), height })).rejects.toMatchObject({
      code: 'STATE_NOT_KEPT',
    })
  }
  await expect(exportSnapshot({ home, out: snapshot })).rejects.toMatchObject({ code: 'OUT_EXISTS' })
  expect((await readdir(folder)).sort()).toEqual(['chain', 'older'])
})

test('a snapshot with any byte changed, cut off or added is refused, and leaves nothing', async () => {
  const whole = await readFile(snapshot)
  const broken = join(folder, 'broken')
  const refuses = async (bytes: Uint8Array) => {
    await writeFile(broken, bytes)
    await expect(importSnapshot({ home: folder, path: broken, genesisHash })).rejects.toMatchObject({
      code: 'SNAPSHOT_INVALID',
    })
  }
  await expect(importSnapshot({ home: folder, path: broken, genesisHash })).rejects.toMatchObject({
    code: 'SNAPSHOT_INVALID',
  })
  for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 25)) {
    await refuses(new Uint8Array(whole).with(at, whole[at]! ^ 1))
  }
  await refuses(whole.subarray(0, whole.length - 1))
  await refuses(whole.subarray(0, 2))
  await refuses(new Uint8Array(0))
  await refuses(Buffer.concat([whole, Buffer.alloc(5)]))
  expect(await readdir(folder)).toEqual(['broken'])
})

test('a replay comes to the app hash of every block, and sees a change of any', async () => {
  const { height, appHash, txs } = await replayChain({ home })
  expect(height).toBe(exported.height + 1)
  expect(txs).toBeGreaterThanOrEqual(9)
  expect(appHash).toMatch(/^0x[0-9a-f]{64}$/)
  await copyChain()
  change('UPDATE blocks SET app_hash = zeroblob(32) WHERE height = 2')
  await expect(replayChain({ home: folder })).rejects.toMatchObject({ code: 'REPLAY_DIFFERS', details: { height: 2 } })
})

async function copyChain(): Promise<void> {
  await mkdir(join(folder, 'chain'), { recursive: true })
  await copyFile(homeFiles(home).database, homeFiles(folder).database)
}

function change(sql: string): void {
  const database = new DatabaseSync(homeFiles(folder).database)
  database.exec(sql)
  database.close()
}

test('a sound chain verifies, with all its money', async () => {
  const verified = await verifyChain({ home })
  expect(verified).toMatchObject({ height: exported.height + 1, blocks: exported.height + 2 })
  expect(verified.records).toBeGreaterThan(exported.records)
  expect(verified.money.balances + verified.money.bonds + verified.money.burnt).toBe(verified.money.genesis)
})

test.each([
  [
    'an account',
    "UPDATE state SET value = (SELECT max(value) FROM state WHERE key LIKE 'account/%') WHERE key = (SELECT key FROM state WHERE key LIKE 'account/%' ORDER BY value LIMIT 1)",
  ],
  ['a record too many', "INSERT INTO state VALUES ('account/0x0', x'00')"],
  ['a page too many', "INSERT INTO state VALUES ('tree/00000000', x'00000000')"],
  [
    'a page',
    "UPDATE state SET value = CAST(value || x'00' AS BLOB) WHERE key = (SELECT max(key) FROM state WHERE key LIKE 'tree/%')",
  ],
  ['a kept state', "UPDATE undo SET value = x'80' WHERE key = 'head' AND height = (SELECT max(height) FROM undo)"],
  ['a signature', 'UPDATE blocks SET signature = zeroblob(64) WHERE height = 3'],
  ['a transaction', "UPDATE txs SET bytes = x'00' WHERE kind = 'Transfer'"],
  ['a gap', 'DELETE FROM blocks WHERE height = 3'],
])('a change of %s is found', async (_, sql) => {
  await copyChain()
  change(sql)
  await expect(verifyChain({ home: folder })).rejects.toMatchObject({ code: 'CHAIN_INVALID' })
})

test('a folder without blocks, and one in use, are refused by name', async () => {
  for (const work of [
    exportSnapshot({ home: folder, out: join(folder, 'x') }),
    replayChain({ home: folder }),
    verifyChain({ home: folder }),
  ]) {
    await expect(work).rejects.toMatchObject({ code: 'HOME_MISSING' })
  }
  const node = await runChain({ home, port: 0 })
  await expect(verifyChain({ home })).rejects.toMatchObject({ code: 'HOME_LOCKED' })
  await node.stop()
})
