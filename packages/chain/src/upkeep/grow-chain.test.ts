/** What a home is once it goes on with CometBFT; e2e runs it. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sendMessage } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { fundedSigner, startDevnet } from '../../test/devnet.ts'
import { homeFiles } from '../home/home-files.ts'
import { exportSnapshot, growChain, runChain, verifyChain } from '../main.ts'

const p2p = { host: '127.0.0.1', port: 30_000 }

let home: string
let head: number

beforeAll(async () => {
  const devnet = await startDevnet()
  home = devnet.home
  const { chain, node } = devnet
  const signer = await fundedSigner(chain)
  await sendMessage({ chain, signer, kind: 'Transfer', body: { to: signer.address, amount: 1n } })
  await expect(growChain({ home, p2p })).rejects.toMatchObject({ code: 'HOME_LOCKED' })
  await node.stop()
  head = (await verifyChain({ home })).height
})
afterAll(() => rm(home, { recursive: true }))

function change(sql: string): void {
  const database = new DatabaseSync(homeFiles(home).database)
  database.exec(sql)
  database.close()
}

test('a grown home keeps its chain, says where others find it, and makes no block alone again', async () => {
  const grown = await growChain({ home, p2p })
  expect(grown).toMatchObject({ height: head, nodeId: expect.stringMatching(/^[0-9a-f]{40}$/), p2p })
  const network = JSON.parse(await readFile(homeFiles(home).network, 'utf8'))
  expect(network).toEqual({ engine: 'comet', p2p, rpc: { host: '127.0.0.1', port: 30_001 }, peers: [] })
  await expect(growChain({ home, p2p })).rejects.toMatchObject({ code: 'HOME_EXISTS' })
  const out = join(home, 'a.snapshot')
  await expect(exportSnapshot({ home, out })).rejects.toMatchObject({ code: 'CHAIN_ON_COMETBFT' })
  const cometProgram = join(home, 'nothing')
  await expect(runChain({ home, port: 0, cometProgram })).rejects.toMatchObject({ code: 'COMETBFT_MISSING' })
  expect(await verifyChain({ home })).toMatchObject({ height: head, blocks: head + 1, voted: 0 })
})

test('behind a block with votes none is signed alone, and a home of one validator has none with votes', async () => {
  const middle = `height = ${head - 1}`
  change(`UPDATE blocks SET signature = zeroblob(0) WHERE ${middle}`)
  await expect(verifyChain({ home })).rejects.toMatchObject({ code: 'CHAIN_INVALID' })
  change(`UPDATE blocks SET signature = zeroblob(0) WHERE height >= ${head - 1}`)
  expect(await verifyChain({ home })).toMatchObject({ height: head, voted: 2 })
  await rm(homeFiles(home).network)
  await expect(verifyChain({ home })).rejects.toMatchObject({ code: 'CHAIN_INVALID' })
  await expect(runChain({ home, port: 0 })).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
})
