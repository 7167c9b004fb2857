/** The commands of a chain's operator: a node that runs as it is told, and what is done with its file while it does not. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { createChainClient } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startDevnet } from '../../../provider/test/start-devnet.ts'
import { granary } from '../../test/granary.ts'
import { wideLines } from '../../test/wide-lines.ts'
import { run } from '../run.ts'

/** So many blocks are kept at least. */
const KEPT = 101
let root: string
let home: string
let genesisHash: string
let newest: { readonly height: number; readonly hash: string }
let said: Record<string, unknown>

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-cli-chain-'))
  home = join(root, 'chain')
  const devnet = await startDevnet(home, {}, 10)
  for await (const event of devnet.chain.events({ types: ['block'] })) if (event.height > KEPT + 5) break
  genesisHash = (await devnet.chain.status()).genesisHash
  said = await dataOf('header', '--chain', devnet.chain.url)
  newest = await devnet.chain.block(said.height as number)
  await devnet.stop()
}, 60_000)
afterAll(() => rm(root, { recursive: true }))

async function dataOf(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout } = await granary(['chain', ...args, '--json'])
  if (code !== 0) throw new Error(`exit ${code}: ${stdout}`)
  return JSON.parse(stdout).data
}

test('a chain is replayed, verified, exported at a height, and imported by the hash of its genesis', async () => {
  const { height, appHash } = await dataOf('verify', '--home', home)
  expect(await dataOf('replay', '--home', home)).toMatchObject({ height, appHash })
  const out = join(root, 'snapshot')
  const at = (height as number) - 3
  const made = await dataOf('export', '--home', home, '--out', out, '--height', `${at}`)
  expect(made).toMatchObject({ path: out, height: at })
  expect((await granary(['chain', 'export', '--home', home, '--out', out])).code).not.toBe(0)

  const imported = ['import', out, '--home', join(root, 'imported')]
  const wrong = await granary(['chain', ...imported, '--genesis-hash', `0x${'ab'.repeat(32)}`])
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('[SNAPSHOT_INVALID]')])
  // With the block whose header names that state.
  const next = await dataOf('export', '--home', home, '--out', join(root, 'next'), '--height', `${at + 1}`)
  expect(await dataOf(...imported, '--genesis-hash', genesisHash)).toMatchObject({
    height: at + 1,
    appHash: next.appHash,
  })
})

test('the newest header of a node is named as others may trust it', () => {
  const { hash } = newest
  expect(said).toMatchObject({ genesisHash, hash, timeMs: expect.any(Number) })
  expect(said.height).toBeGreaterThan(KEPT)
})

test('blocks before the last are dropped, as many as that is said, and what is said fits into 60 columns', async () => {
  const { firstHeight, height, dropped } = await dataOf('prune', '--home', home, '--keep', `${KEPT}`)
  expect((height as number) - (firstHeight as number) + 1).toBe(KEPT)
  expect(dropped).toBeGreaterThan(0)
  for (const args of [['verify'], ['prune', '--keep', `${KEPT}`], ['export', '--out', join(root, 'second')]]) {
    const { code, stdout } = await granary(['chain', ...args, '--home', home], { COLUMNS: '60' })
    expect({ args, code, wide: wideLines(stdout, 60) }).toEqual({ args, code: 0, wide: [] })
  }
  expect((await granary(['chain', 'prune', '--home', home, '--keep', '5'])).code).not.toBe(0)
})

test('a node listens where it is told, trusts the clock that it is told to, and ends with its parent', async () => {
  const own = join(root, 'production')
  // As `granary wallet address` prints one.
  const account = '0x7043F45eA98bF02d9067ee56F42cFff98D435bAA:1000'
  await dataOf('init', '--home', own, '--chain-id', 'mine', '--account', account)
  const written = { stdout: '', stderr: '' }
  const ready = Promise.withResolvers<{ url: string }>()
  const into = (name: keyof typeof written) =>
    new Writable({
      decodeStrings: false,
      write(text, _encoding, done) {
        written[name] += text
        if (name === 'stdout') ready.resolve(JSON.parse(text))
        done()
      },
    })
  const stdin = new Readable({ read: () => undefined })
  const where = ['--port', '0', '--host', '127.0.0.2', '--beacon', 'http://127.0.0.1:1']
  const how = ['--trust-clock', '--keep-proofs', '200', '--rate-limit', '7', '--json', '--stop-with-parent']
  const running = run(['chain', 'run', '--home', own, ...where, ...how], {
    ...{ stdout: into('stdout'), stderr: into('stderr'), stdin, env: {} },
    cwd: () => root,
  })
  const { url } = await ready.promise
  expect(new URL(url).hostname).toBe('127.0.0.2')
  expect(await createChainClient({ url }).status()).toMatchObject({
    chainId: 'mine',
    devnet: false,
    clock: { trust: 'trusted' },
  })
  stdin.push(null)
  expect(await running).toBe(0)
})
