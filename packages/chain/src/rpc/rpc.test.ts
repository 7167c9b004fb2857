import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, newSigner, startDevnet } from '../../test/devnet.ts'

let devnet: Devnet

beforeAll(async () => {
  devnet = await startDevnet()
})

afterAll(() => devnet.remove())

async function ask(
  path: string,
  init?: RequestInit,
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await fetch(devnet.node.url + path, init)
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers }
}

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const octets = (body: Uint8Array): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/octet-stream' },
  body: new Uint8Array(body),
})

const errorOf = (code: string) => ({
  error: {
    code,
    message: expect.stringMatching(/./),
    hint: expect.stringMatching(/./),
    retryable: expect.any(Boolean),
  },
})

const HASH = `0x${'11'.repeat(32)}`
const ADDRESS = `0x${'11'.repeat(20)}`

test.each([
  '/v1/txs/0x12',
  '/v1/txs/nonsense',
  `/v1/txs/${HASH.toUpperCase()}`,
  '/v1/accounts/me',
  `/v1/accounts/${ADDRESS}ff`,
  '/v1/providers/-1',
  '/v1/providers/1e3',
  '/v1/providers/99999999999999999999',
  '/v1/providers?limit=0',
  '/v1/providers?limit=201',
  '/v1/providers?after=x',
  '/v1/providers?unknown=1',
  '/v1/providers?after=1&after=2',
  '/v1/deals/0x1',
  '/v1/deals?provider=abc',
  '/v1/deals?client=0x12',
  `/v1/deals?pieceCid=${encodeURIComponent("x' OR 1=1 --")}`,
  '/v1/sectors/1000/abc',
  '/v1/blocks/latest',
  '/v1/status?x=1',
  '/v1/randomness?tag=TICKET&epoch=1&provider=1000',
  '/v1/randomness?tag=DICE&epoch=1&provider=1000&sector=1',
  '/v1/events?types=DROP%20TABLE',
  '/v1/events?since=yesterday',
  '/v1/events?since=99999999',
  '/v1/deals/%E0%A4%A',
])('GET %s is refused as invalid', async (path) => {
  const { status, body } = await ask(path)
  expect({ status, body }).toEqual({
    status: 400,
    body: { error: expect.objectContaining(errorOf('REQUEST_INVALID').error) },
  })
})

test.each([
  ['not base64', json({ tx: '***' }), 400, 'REQUEST_INVALID'],
  ['a field of another name', json({ transaction: 'AAAA' }), 400, 'REQUEST_INVALID'],
  ['broken JSON', json('{'), 400, 'REQUEST_INVALID'],
  ['a JSON list', json([]), 400, 'REQUEST_INVALID'],
  ['JSON that is no object', json('"text"'), 400, 'REQUEST_INVALID'],
  ['no body', { method: 'POST' }, 415, 'CONTENT_TYPE_UNSUPPORTED'],
  [
    'another type',
    { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' },
    415,
    'CONTENT_TYPE_UNSUPPORTED',
  ],
  ['bytes that are no transaction', octets(Uint8Array.of(1, 2, 3)), 400, 'TX_MALFORMED'],
  ['no bytes at all', octets(new Uint8Array(0)), 400, 'TX_MALFORMED'],
  ['base64 of bytes that are no transaction', json({ tx: 'AQID' }), 400, 'TX_MALFORMED'],
  ['3 MiB of zeros', octets(new Uint8Array(3 * 2 ** 20)), 400, 'TX_MALFORMED'],
  ['more bytes than any transaction', octets(new Uint8Array(4 * 2 ** 20)), 413, 'BODY_TOO_LARGE'],
] as const)('POST /v1/txs with %s is refused', async (_, init, status, code) => {
  const answer = await ask('/v1/txs', init)
  expect(answer).toMatchObject({ status, body: errorOf(code) })
  expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:\d|\bat .*:\d/)
})

const ASKED = JSON.stringify({ address: ADDRESS })
test.each([
  ['text', { headers: { 'content-type': 'text/plain' }, body: ASKED }, 415, 'CONTENT_TYPE_UNSUPPORTED'],
  ['a form', { body: new URLSearchParams({ address: ADDRESS }) }, 415, 'CONTENT_TYPE_UNSUPPORTED'],
  ['a body without a type', { body: new TextEncoder().encode(ASKED) }, 415, 'CONTENT_TYPE_UNSUPPORTED'],
  ['nothing', {}, 400, 'REQUEST_INVALID'],
  ['JSON that is empty', { headers: { 'content-type': 'application/json' }, body: '' }, 400, 'REQUEST_INVALID'],
] as const)('POST /v1/faucet with %s is refused for what it is', async (_, init, status, code) => {
  const answer = await ask('/v1/faucet', { method: 'POST', ...init })
  expect(answer).toMatchObject({ status, body: errorOf(code) })
  if (status === 415) expect(answer.body).toMatchObject({ error: { hint: 'send application/json' } })
})

test('HEAD of the events has the headers of the stream, and an end', async () => {
  const init = { method: 'HEAD', signal: AbortSignal.timeout(5_000) }
  const { status, headers, body } = await ask('/v1/events', init)
  expect([status, headers.get('content-type'), body]).toEqual([200, 'text/event-stream', {}])
  expect((await ask('/v1/events?since=99999999', init)).status).toBe(400)
})

const packable = [
  ['/v1/txs', 'application/octet-stream', new Uint8Array(3 * 2 ** 20 - 300)],
  ['/v1/txs', 'application/json', JSON.stringify({ tx: 'A'.repeat(60_000) })],
  ['/v1/faucet', 'application/json', JSON.stringify({ address: ADDRESS })],
] as const

test.each(packable)(
  'three megabytes packed into three thousand bytes, at %s as %s',
  async (path, contentType, content) => {
    const packed = new Uint8Array(gzipSync(content))
    expect(packed.length).toBeLessThan(4_000)
    const headers = { 'content-type': contentType, 'content-encoding': 'gzip' }
    const answer = await ask(path, { method: 'POST', headers, body: packed })
    expect(answer).toMatchObject({ status: 415, body: errorOf('CONTENT_ENCODING_UNSUPPORTED') })
  },
)

test.each([
  [`/v1/txs/${HASH}`, 'TX_NOT_FOUND'],
  ['/v1/providers/7', 'PROVIDER_NOT_FOUND'],
  ['/v1/deals/7', 'DEAL_NOT_FOUND'],
  ['/v1/sectors/1000/7', 'SECTOR_NOT_FOUND'],
  ['/v1/blocks/99999999', 'BLOCK_NOT_FOUND'],
  ['/v1/randomness?tag=TICKET&epoch=99999999&provider=1000&sector=1', 'RANDOMNESS_NOT_READY'],
  ['/v1/nothing', 'PATH_NOT_FOUND'],
  ['/', 'PATH_NOT_FOUND'],
])('GET %s is answered with 404 %s', async (path, code) => {
  expect(await ask(path)).toMatchObject({ status: 404, body: errorOf(code) })
})

test.each([
  ['/v1/providers/7', /`granary providers`, or GET \/v1\/providers/],
  ['/v1/deals/7', /`granary deals` .*GET \/v1\/deals/],
])('who asks for %s is told where to look, with the command line and without', async (path, hint) => {
  expect(await ask(path)).toMatchObject({ body: { error: { hint: expect.stringMatching(hint) } } })
})

test('an account that nobody has used is empty, not missing', async () => {
  expect(await ask(`/v1/accounts/${ADDRESS}`)).toMatchObject({
    status: 200,
    body: { address: ADDRESS, balance: '0', sequences: {}, height: expect.any(Number) },
  })
})

test('the randomness of an epoch whose round is on the chain can be read', async () => {
  for await (const { height } of devnet.chain.events({ types: ['block'], since: '0' })) if (height >= 2) break
  const query = { tag: 'TICKET', epoch: 2, provider: 1000, sector: 1 } as const
  const one = await devnet.chain.randomness(query)
  expect(one).toMatchObject({ epoch: 2, tag: 'TICKET', randomness: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
  expect((await devnet.chain.randomness({ ...query, sector: 2 })).randomness).not.toBe(one.randomness)
})

test('status names chain, height, app hash and version', async () => {
  const { body } = await ask('/v1/status')
  expect(body).toEqual({
    genesisHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    chainId: 'granary-devnet',
    devnet: true,
    height: expect.any(Number),
    timeMs: expect.any(Number),
    blockTimeMs: 50,
    appHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    version: '0.1.0',
    clock: { trust: 'local', newestRound: null, silentMs: 0, aheadMs: null, stalled: null },
  })
  expect(await ask('/healthz')).toMatchObject({ status: 200, body: { ok: true } })
})

test('pages of other origins may read, and send what is signed, and nothing else', async () => {
  expect((await ask('/v1/status')).headers.get('access-control-allow-origin')).toBe('*')
  const preflight = await ask('/v1/txs', { method: 'OPTIONS' })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST')
  expect(preflight.headers.get('access-control-allow-headers')).toMatch(/content-type/)
  expect(preflight.headers.get('x-powered-by')).toBeNull()
  const faucet = await ask('/v1/faucet', { method: 'OPTIONS' })
  expect(faucet.headers.get('access-control-allow-methods')).toBe('GET, HEAD')
  expect(faucet.headers.get('access-control-allow-headers')).not.toMatch(/content-type/)
  expect((await ask('/v1/txs', octets(Uint8Array.of(1)))).headers.get('access-control-allow-origin')).toBe('*')
})

test('metrics count blocks and requests, by operation and status', async () => {
  await ask('/v1/status')
  await ask('/v1/deals/7')
  await ask('/v1/nothing')
  const response = await fetch(`${devnet.node.url}/metrics`)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  expect(text).toMatch(/^granary_chain_height [0-9]+$/m)
  expect(text).toMatch(/^granary_chain_halted 0$/m)
  expect(text).toMatch(/^granary_chain_block_seconds_count [1-9][0-9]*$/m)
  expect(text).toMatch(/^granary_rpc_request_seconds_count\{operation="getStatus",status="200"\} [1-9][0-9]*$/m)
  expect(text).toMatch(/^granary_rpc_request_seconds_count\{operation="getDeal",status="404"\} [1-9][0-9]*$/m)
  expect(text).toMatch(/^granary_rpc_request_seconds_count\{operation="none",status="404"\} [1-9][0-9]*$/m)
})

test('the faucet gives 1000 GRN a time, within its limit for an address', async () => {
  const { address } = newSigner()
  expect(await ask('/v1/faucet', json({ address }))).toMatchObject({
    status: 200,
    body: { code: 'OK', kind: 'Transfer' },
  })
  const more = await Promise.all(Array.from({ length: 10 }, () => ask('/v1/faucet', json({ address }))))
  expect(more.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 429])
  const refused = more.find(({ status }) => status === 429)
  expect(refused?.body).toMatchObject(errorOf('FAUCET_LIMIT'))
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await devnet.chain.account(address)).balance).toBe(String(10_000n * 10n ** 18n))
})

test.each([{}, { address: 'me' }, { address: ADDRESS, amount: '1' }, []])('the faucet refuses %j', async (body) => {
  expect(await ask('/v1/faucet', json(body))).toMatchObject({ status: 400, body: errorOf('REQUEST_INVALID') })
})

test.each([
  ['an answer', '/v1/status', {}],
  ['something that is not there', '/v1/sectors/1000/7', {}],
  ['a request that is refused', '/v1/deals?limit=0', {}],
  ['a body that is refused', '/v1/txs', octets(new Uint8Array(4 * 2 ** 20))],
  ['a path of nobody', '/v1/nothing', {}],
  ['metrics', '/metrics', {}],
  ['the document', '/openapi.json', {}],
  ['a preflight', '/v1/txs', { method: 'OPTIONS' }],
  ['a stream', '/v1/events', {}],
])(
  '%s names the genesis of the chain and the height of the node, for pages of other origins too',
  async (_, path, init) => {
    const { genesisHash, height } = await devnet.chain.status()
    const response = await fetch(devnet.node.url + path, init)
    await response.body?.cancel()
    expect(response.headers.get('granary-genesis')).toBe(genesisHash)
    expect(Number(response.headers.get('granary-height'))).toBeGreaterThanOrEqual(height)
    expect(response.headers.get('access-control-expose-headers')).toMatch(/granary-genesis, granary-height/)
  },
)
