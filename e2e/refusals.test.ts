/** What goes wrong for a person at the command line: each names the value, says what to do, and leaves nothing half-written. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { clientScopes, createGranary, hours } from '@granary/client/node'
import { accountSigner, sessionSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createWorkbench, envelope, type Finished } from './harness.ts'
import { eachBlock, fileOf, type Market, sameBytes, startMarket, succeeded } from './story.ts'

const LARGE_BYTES = 9 * 1024 * 1024
let market: Market
/** Put side by side, while the other tests run: each waits for its sector more than it works. */
let stored: Readonly<Record<'empty' | 'large' | 'flipped', Promise<Stored>>>

interface Stored {
  readonly file: string
  readonly data: PutResult
}

beforeAll(async () => {
  market = await startMarket({ quick: true })
  stored = { empty: store('empty', 0), large: store('large', LARGE_BYTES), flipped: store('flipped', 50_000) }
  // Each is for the test that waits for it.
  for (const storing of Object.values(stored)) storing.catch(() => undefined)
}, 60_000)

afterAll(() => market?.bench.close())

async function store(name: string, bytes: number): Promise<Stored> {
  const { bench, chain } = market
  const file = fileOf(bench, `${name}.bin`, bytes)
  const home = ['--home', join(bench.home, name)]
  const finished = succeeded(await bench.run(['put', file, '--chain', chain.url, '--json', ...home]))
  return { file, data: envelope<PutResult>(finished).data }
}

function expectRefusal(finished: Finished, expected: { exit: number; code: string; names: string }): void {
  const { ok, error } = envelope<unknown>(finished)
  expect({ exit: finished.code, ok, code: error?.code }).toEqual({
    exit: expected.exit,
    ok: false,
    code: expected.code,
  })
  expect(error!.message).toContain(expected.names)
  expect(error!.hint.length).toBeGreaterThan(10)
}

test('an empty file is stored and comes back empty', async () => {
  const { file, data } = await stored.empty
  const out = join(market.bench.home, 'empty.out')
  const got = await market.bench.runHere(['get', data.rootCid, '-o', out, '--chain', market.chain.url])
  expect(got.code).toBe(0)
  expect(sameBytes(out, file)).toBe(true)
}, 120_000)

test('a file that is not there', async () => {
  const path = join(market.bench.home, 'nowhere.bin')
  const finished = await market.bench.runHere(['put', path, '--chain', market.chain.url, '--json'])
  expectRefusal(finished, { exit: 1, code: 'FILE_NOT_FOUND', names: path })
})

test('a file that does not fit into a sector is cut, and comes back', async () => {
  const { file, data } = await stored.large
  expect(data.deals.map(({ piece, state }) => [piece, state])).toEqual([
    [0, 'active'],
    [1, 'active'],
  ])
  for (const { pieceSize } of data.deals) expect(pieceSize).toBeLessThanOrEqual(8 * 1024 * 1024)
  const out = join(market.bench.home, 'large.out')
  succeeded(await market.bench.runHere(['get', data.rootCid, '-o', out, '--chain', market.chain.url]))
  expect(sameBytes(out, file)).toBe(true)

  // Its deals are paid for: it is not cut in another way, and paid for again, because smaller pieces are wanted by now.
  const ask = ['provider', 'ask', 'set', '--home', market.bench.home]
  succeeded(await market.bench.runHere([...ask, '--size-max', `${4 * 1024 * 1024}`]))
  await eachBlock(market, async () => {
    const [provider] = await Array.fromAsync(market.client.providers())
    return provider?.ask?.pieceSizeMax === 4 * 1024 * 1024 ? true : undefined
  })
  const again = await store('large', LARGE_BYTES)
  expect(again.data.deals).toEqual(data.deals)
  succeeded(await market.bench.runHere([...ask, '--size-max', `${8 * 1024 * 1024}`]))
}, 120_000)

test('a CID that nobody stores, and a text that is no CID', async () => {
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  const out = join(market.bench.home, 'never.out')
  const unknown = await market.bench.runHere(['get', cid, '-o', out, '--chain', market.chain.url, '--json'])
  expectRefusal(unknown, { exit: 1, code: 'CID_NOT_STORED', names: cid })
  const wrong = await market.bench.runHere(['get', 'not-a-cid', '-o', out, '--chain', market.chain.url, '--json'])
  expectRefusal(wrong, { exit: 2, code: 'CID_INVALID', names: 'not-a-cid' })
  expect(existsSync(out)).toBe(false)
})

test('a chain that is not there', async () => {
  const file = fileOf(market.bench, 'small.bin', 10)
  const finished = await market.bench.runHere(['put', file, '--chain', 'http://127.0.0.1:9', '--json'])
  expectRefusal(finished, { exit: 5, code: 'CHAIN_UNREACHABLE', names: 'http://127.0.0.1:9' })
})

test.each([-400, 400])(
  'a clock that is %d s off: whose it is and by how much',
  async (seconds) => {
    const file = fileOf(market.bench, `shifted${seconds}.bin`, 1_000)
    const shifted = `const D = Date; globalThis.Date = class extends D {
    constructor(...given) { given.length === 0 ? super(D.now() + ${seconds * 1_000}) : super(...given) }
    static now() { return D.now() + ${seconds * 1_000} } }`
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shifted)}` }
    const finished = await market.bench.run(['put', file, '--chain', market.chain.url, '--json'], env)
    expectRefusal(finished, { exit: 1, code: 'CLOCK_WRONG', names: 'the clock of this machine' })
    const { message, hint } = envelope<unknown>(finished).error!
    const [, off, way] = /is (\d+) s (ahead|behind)/.exec(message) ?? []
    expect(Math.abs(Number(off) - Math.abs(seconds))).toBeLessThan(20)
    expect(way).toBe(seconds > 0 ? 'ahead' : 'behind')
    expect(hint).toContain('set the clock')
  },
  60_000,
)

test('a port that is in use, for the chain and for the provider', async () => {
  const other = createWorkbench()
  try {
    const port = new URL(market.chain.url).port
    await other.run(['chain', 'init', '--devnet', '--home', other.home])
    const chain = await other.run(['chain', 'run', '--home', other.home, '--port', port, '--json'])
    expectRefusal(chain, { exit: 1, code: 'PORT_IN_USE', names: port })
    const provider = await other.run([
      ...['provider', 'run', '--home', other.home, '--chain', market.chain.url],
      ...['--port', port, '--json'],
    ])
    expectRefusal(provider, { exit: 1, code: 'PORT_IN_USE', names: port })
  } finally {
    await other.close()
  }
}, 60_000)

test('a home that another process has locked, for the chain and for the provider', async () => {
  const { home } = market.bench
  const chain = await market.bench.run(['chain', 'run', '--home', home, '--port', '0', '--json'])
  expectRefusal(chain, { exit: 1, code: 'HOME_LOCKED', names: home })
  const provider = await market.bench.run(['provider', 'run', '--home', home, '--chain', market.chain.url, '--json'])
  expectRefusal(provider, { exit: 1, code: 'HOME_LOCKED', names: home })
}, 60_000)

test('a stored piece with a flipped byte is not served: it is made again, and get has what was put', async () => {
  const { file, data } = await stored.flipped
  const piece = join(market.bench.home, 'provider', 'pieces', `${data.pieceCid}.car`)
  const before = readFileSync(piece)
  const bytes = Buffer.from(before)
  bytes[bytes.length - 100]! ^= 1
  writeFileSync(piece, bytes)
  const out = join(market.bench.home, 'flipped.out')
  succeeded(await market.bench.runHere(['get', data.rootCid, '-o', out, '--chain', market.chain.url, '--json']))
  expect(sameBytes(out, file)).toBe(true)
  expect(readFileSync(piece).equals(before)).toBe(true)
}, 120_000)

test('a put that the session key may not pay is refused before a byte is sent', async () => {
  const { client: chain } = market
  const folder = (name: string) => join(market.bench.home, name)
  const owner = accountSigner(new Uint8Array(randomBytes(32)))
  await chain.faucet(owner.address)
  const key = sessionSigner(new Uint8Array(randomBytes(32)), owner.address)
  const own = createGranary({ chain, signer: owner, folder: folder('owner') })
  const granary = createGranary({ chain, signer: key, folder: folder('session') })
  const content = new Uint8Array(randomBytes(1_000))
  const { total } = await granary.quote(content)
  const grant = { publicKey: key.sessionKey!, validFor: hours(1), spendingLimit: BigInt(total) }
  const steps: string[] = []
  const put = () => granary.put(content, { until: 'published', onProgress: ({ type }) => steps.push(type) })
  const codeOf = (code: string) =>
    expect(put()).rejects.toMatchObject({ code, hint: expect.stringContaining('authorise') })

  await codeOf('KEY_NOT_AUTHORIZED')
  await own.authorizeKey({ ...grant, scopes: ['login'] })
  await codeOf('KEY_SCOPE_MISSING')
  await own.authorizeKey({ ...grant, scopes: clientScopes, spendingLimit: grant.spendingLimit / 2n })
  await codeOf('SPENDING_LIMIT_REACHED')
  expect(new Set(steps)).toEqual(new Set(['import:done', 'planned']))
  // What the fees of the blocks in between may have become.
  await own.authorizeKey({ ...grant, scopes: clientScopes, spendingLimit: grant.spendingLimit * 2n })
  expect(await put()).toMatchObject({ deals: [{ state: 'published' }], withoutEffect: [] })
}, 60_000)

test('another account in the same folder does not take the deals of the first for its own', async () => {
  const { client: chain } = market
  const content = new Uint8Array(randomBytes(1_000))
  const put = async () => {
    const signer = accountSigner(new Uint8Array(randomBytes(32)))
    await chain.faucet(signer.address)
    const granary = createGranary({ chain, signer, folder: join(market.bench.home, 'shared') })
    const { rootCid, dealId } = await granary.put(content, { until: 'published' })
    const deals = await Array.fromAsync(chain.deals({ rootCid, client: signer.address }))
    expect(deals.map(({ id }) => id)).toEqual([dealId])
    return dealId
  }
  expect(await put()).not.toBe(await put())
}, 60_000)
