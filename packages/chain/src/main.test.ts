import { readFileSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import { afterEach, expect, test } from '@jest/globals'
import { BLOCK_TIME_MS, type Devnet, fundedSigner, newSigner, startDevnet, temporaryFolder } from '../test/devnet.ts'
import { homeFiles } from './home/home-files.ts'
import { exportSnapshot, initChain, runChain } from './main.ts'
import { SCHEMA_VERSION } from './store/schema.ts'
import { openChain } from './upkeep/open-chain.ts'

let devnet: Devnet | undefined

afterEach(async () => {
  await devnet?.remove()
  devnet = undefined
})

async function untilHeight(chain: ChainClient, height: number): Promise<void> {
  for await (const event of chain.events({ types: ['block'], since: '0' })) if (event.height >= height) return
}

test('blocks come by themselves, with rising time and signed headers that name the state before', async () => {
  devnet = await startDevnet()
  const { chain } = devnet
  await untilHeight(chain, 5)
  const blocks = await Promise.all([0, 1, 2, 3, 4, 5].map((height) => chain.block(height)))
  for (const [index, block] of blocks.slice(1).entries()) {
    expect(block.header.previousHash).toBe(blocks[index]!.hash)
    expect(block.header.timeMs).toBeGreaterThan(blocks[index]!.header.timeMs)
  }
  const { genesisHash } = await chain.status()
  expect(blocks[0]!.header.previousHash).toBe(genesisHash)
})

test('a restart goes on with the same state and the same chain', async () => {
  devnet = await startDevnet()
  const { home, chain } = devnet
  const signer = await fundedSigner(chain)
  const tx = await sendMessage({ chain, signer, kind: 'Transfer', body: { to: newSigner().address, amount: 7n } })
  await devnet.node.stop()
  await expect(chain.status()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })

  const node = await runChain({ home, port: 0 })
  const again = createChainClient({ url: node.url })
  try {
    expect(await again.tx(tx.id)).toEqual(tx)
    const { height } = await again.status()
    await untilHeight(again, height + 2)
    const [last, next] = await Promise.all([again.block(height), again.block(height + 1)])
    expect(next.header.previousHash).toBe(last.hash)
    expect((await again.account(signer.address)).sequences[0]).toBe(1)
  } finally {
    await node.stop()
  }
})

test('a second node on the same folder is refused', async () => {
  devnet = await startDevnet()
  await expect(runChain({ home: devnet.home, port: 0 })).rejects.toMatchObject({
    code: 'HOME_LOCKED',
    message: expect.stringContaining(devnet.home),
  })
  expect((await devnet.chain.status()).height).toBeGreaterThanOrEqual(0)
})

test('a port that is in use is named, and the folder is free afterwards', async () => {
  const home = await temporaryFolder()
  await initChain({ home, devnet: true, blockTimeMs: BLOCK_TIME_MS })
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  try {
    await expect(runChain({ home, port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(String(port)),
      details: { port },
    })
    const node = await runChain({ home, port: 0 })
    await node.stop()
  } finally {
    other.close()
    await rm(home, { recursive: true })
  }
})

test('a host that is not of this machine is refused by name', async () => {
  const home = await temporaryFolder()
  await initChain({ home, devnet: true })
  await expect(runChain({ home, host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'HOST_INVALID' })
  await rm(home, { recursive: true })
})

test('a folder without a chain is refused with what to do', async () => {
  const home = await temporaryFolder()
  await expect(runChain({ home, port: 0 })).rejects.toMatchObject({
    code: 'HOME_MISSING',
    hint: expect.stringContaining('granary chain init'),
  })
  await rm(home, { recursive: true })
})

test('a home of an earlier release is refused by name, with what to do', async () => {
  const home = await temporaryFolder()
  await initChain({ home, devnet: true })
  const { database: path, genesis } = homeFiles(home)
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 4')
  database.close()
  const refused = {
    code: 'STORE_VERSION_UNKNOWN',
    message: expect.stringMatching(new RegExp(`^the chain in ${home} was written by an earlier release`)),
    hint: expect.stringContaining('granary chain init'),
    details: { home, path, found: 4, known: SCHEMA_VERSION },
  }
  try {
    await expect(runChain({ home, port: 0 })).rejects.toMatchObject(refused)
    expect(() => openChain(home)).toThrow(expect.objectContaining(refused))
    // What its genesis lacks is not what is said of it; where there is nothing else, it is, with the file.
    await writeFile(genesis, '{"chainId":"old"}')
    await expect(runChain({ home, port: 0 })).rejects.toMatchObject(refused)
    await rm(path)
    await expect(runChain({ home, port: 0 })).rejects.toMatchObject({
      code: 'GENESIS_INVALID',
      message: expect.stringContaining(genesis),
    })
  } finally {
    await rm(home, { recursive: true })
  }
})

test.each([
  [
    'a changed state',
    "UPDATE state SET value = x'00' WHERE key = (SELECT max(key) FROM undo WHERE height = (SELECT max(height) FROM blocks) AND key LIKE 'epoch/%')",
  ],
  ['a changed total', "UPDATE state SET value = x'80' WHERE key = 'draws'"],
  ['a changed tree', "UPDATE state SET value = x'00000000' WHERE key = 'tree/'"],
  ['a state of another block', "UPDATE state SET value = zeroblob(32) WHERE key = 'app-hash'"],
  ['a changed app hash', 'UPDATE blocks SET app_hash = zeroblob(32) WHERE height = (SELECT max(height) FROM blocks)'],
  ['a lost block', 'DELETE FROM blocks WHERE height = (SELECT max(height) FROM blocks)'],
])('a start on %s is refused', async (_, sql) => {
  devnet = await startDevnet()
  await untilHeight(devnet.chain, 2)
  await devnet.node.stop()
  const database = new DatabaseSync(homeFiles(devnet.home).database)
  database.exec(sql)
  database.close()
  await expect(runChain({ home: devnet.home, port: 0 })).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
})

test.each([
  ['its first bytes', 0, 64],
  ['everything behind its first page', 4096, Number.POSITIVE_INFINITY],
])('a chain.sqlite of which %s are damaged names itself and what makes it anew', async (_, from, bytesMax) => {
  devnet = await startDevnet()
  await untilHeight(devnet.chain, 2)
  await devnet.node.stop()
  const { database } = homeFiles(devnet.home)
  const bytes = readFileSync(database)
  writeFileSync(database, bytes.fill(0xff, from, Math.min(from + bytesMax, bytes.length)))
  const refusal = {
    code: 'STORE_CORRUPT',
    message: expect.stringContaining(database),
    hint: expect.stringContaining(`granary chain import SNAPSHOT --home ${devnet.home}`),
  }
  await expect(runChain({ home: devnet.home, port: 0 })).rejects.toMatchObject(refusal)
  await expect(exportSnapshot({ home: devnet.home, out: join(devnet.home, 'snapshot') })).rejects.toMatchObject(refusal)
  expect(readFileSync(database).equals(bytes)).toBe(true)
})

test('stopping frees port and folder, answers those who wait, and happens once', async () => {
  devnet = await startDevnet()
  const { node, chain } = devnet
  const events = chain.events()[Symbol.asyncIterator]()
  await events.next()
  await Promise.all([node.stop(), node.stop()])
  const again = await runChain({ home: devnet.home, port: Number(new URL(node.url).port) })
  expect((await events.next()).value).toMatchObject({ type: 'block' })
  await events.return?.(undefined)
  await again.stop()
})

test('an abort of the signal stops the node', async () => {
  const home = await temporaryFolder()
  await initChain({ home, devnet: true, blockTimeMs: BLOCK_TIME_MS })
  const controller = new AbortController()
  const node = await runChain({ home, port: 0, signal: controller.signal })
  controller.abort()
  await node.stop()
  const chain = createChainClient({ url: node.url, retries: 0 })
  await expect(chain.status()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  await rm(home, { recursive: true })
})
