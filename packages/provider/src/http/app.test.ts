import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { json, text as streamText } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { fromHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { readServerSentEvents } from '@granary/protocol/client'
import type { OpenApiDocument } from '@granary/protocol/http'
import * as declared from '@granary/protocol/market'
import { type Hash, quoteDigest, quoteFromJson, verifySigner } from '@granary/protocol/messages'
import type { Operation } from '@granary/protocol/operation'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { watchAnswers } from '../../../protocol/test/watch-answers.ts'
import {
  genesisHash,
  randomCar,
  SECTOR_BYTES,
  startMarket,
  TestClient,
  type TestMarket,
  temporaryHome,
  termsOf,
} from '../../test/market-kit.ts'
import type { ProviderInfo } from './app.ts'

let home: Awaited<ReturnType<typeof temporaryHome>>
let market: TestMarket
let client: TestClient

beforeEach(async () => {
  home = await temporaryHome()
  market = await startMarket(home.home)
  client = new TestClient(market.url)
})
afterEach(async () => {
  await market.crash()
  await home.remove()
})

async function agreed(): Promise<{ agreementId: string }> {
  const car = await randomCar(1000)
  await client.logIn()
  const quote = await client.quote(car.pieceSize)
  const { body } = await client.agree(await client.upload(car.bytes, car, quote), termsOf(car, quote))
  return body
}

test('a quote is signed by the session key, and cannot be read as anything else', async () => {
  const request = { client: client.signer.address, pieceSize: 4096, duration: '200' }
  const { status, body } = await client.request('POST', '/v1/quotes', request)
  expect(status).toBe(200)
  const quote = quoteFromJson(body.quote)
  expect(quote).toMatchObject({ client: client.signer.address, provider: 1000, duration: 200, validUntil: 100 + 7200 })
  expect(quote.total).toBe(quote.pricePerEpoch * 200n)
  const signature = fromHex(body.signature)
  expect(verifySigner(quoteDigest(genesisHash, quote), signature)?.type).toBe('session')
  expect(verifySigner(quoteDigest(genesisHash, { ...quote, total: 1n }), signature)).toBeUndefined()
})

test('a piece larger than a sector is refused with both figures', async () => {
  const request = { client: client.signer.address, pieceSize: 2 * SECTOR_BYTES, duration: 200 }
  const { status, body } = await client.request('POST', '/v1/quotes', request)
  expect(status).toBe(422)
  expect(body.error).toMatchObject({
    code: 'PIECE_TOO_LARGE',
    details: { bound: 'pieceSizeMax', limit: SECTOR_BYTES, asked: 2 * SECTOR_BYTES },
  })
})

test('a quote counts against the address that asks, not against the account that it names', async () => {
  await market.crash()
  market = await startMarket(home.home, { quotesPerAddress: 2, loopback: true })
  const victim = new TestClient(market.url)
  const ask = { client: victim.signer.address, pieceSize: 4096, duration: 200 }
  const [first, second, third] = [await askFrom(2, ask), await askFrom(2, ask), await askFrom(2, ask)]
  expect([first, second, third]).toEqual(['200 -', '200 -', '429 QUOTA_EXCEEDED'])
  const another = new TestClient(market.url, { key: 2 }).signer.address
  expect(await askFrom(2, { ...ask, client: another })).toBe('429 QUOTA_EXCEEDED')
  expect((await victim.quote(4096)).client).toBe(ask.client)
})

/** POST /v1/quotes from another of this machine's addresses: the status, and the code of an error. */
async function askFrom(address: number, body: object): Promise<string> {
  const url = new URL('/v1/quotes', market.url)
  const headers = { 'content-type': 'application/json' }
  const asked = request(url, { method: 'POST', headers, localAddress: `127.0.0.${address}` })
  asked.end(JSON.stringify(body))
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const answer = (await json(response)) as { error?: { code: string } }
  return `${response.statusCode} ${answer.error?.code ?? '-'}`
}

test('quotes of all addresses together do not pile up without end', async () => {
  await market.crash()
  market = await startMarket(home.home, { quotesTotal: 1 })
  client = new TestClient(market.url)
  await client.quote(4096)
  const request = { client: client.signer.address, pieceSize: 4096, duration: 200 }
  const { status, body } = await client.request('POST', '/v1/quotes', request)
  expect([status, body.error.code]).toEqual([507, 'QUOTES_FULL'])
})

test.each(['/v1/info', '/v1/deals/7', '/healthz', '/v1/uploads/0', '/ipfs/x', '/piece/x', '/nothing'])(
  'an address that asks too often is told when to come back: %s',
  async (path) => {
    await market.crash()
    market = await startMarket(home.home, { requestsPerMinute: 2, loopback: true })
    for (let index = 0; index < 2; index += 1) expect((await fetch(market.url + path)).status).not.toBe(429)
    const refused = await fetch(market.url + path)
    expect([refused.status, (await refused.json()).error.code]).toEqual([429, 'RATE_LIMITED'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    // A page of another origin could not read when to come back.
    if (path !== '/nothing') expect(refused.headers.get('access-control-allow-origin')).toBe('*')
  },
)

test('an address moves so many bytes a minute', async () => {
  await market.crash()
  market = await startMarket(home.home, { bytesPerMinute: 2_000, loopback: true })
  let asked = 0
  let last = await fetch(`${market.url}/healthz`)
  while (last.status === 200 && asked < 20) {
    await last.json()
    last = await fetch(`${market.url}/healthz`)
    asked += 1
  }
  expect([last.status, (await last.json()).error.code]).toEqual([429, 'BYTES_LIMITED'])
  expect(asked).toBeGreaterThan(1)
})

test('programs of the same machine are not limited unless that is asked for', async () => {
  await market.crash()
  market = await startMarket(home.home, { requestsPerMinute: 1, bytesPerMinute: 1, quotesPerAddress: 1 })
  client = new TestClient(market.url)
  for (let index = 0; index < 3; index += 1) expect((await client.quote(4096)).pieceSize).toBe(4096)
})

const someone = `0x${'ab'.repeat(20)}` as const
test.each([
  ['POST', '/v1/quotes', '{', 400, 'REQUEST_INVALID'],
  ['POST', '/v1/quotes', '{}', 400, 'REQUEST_INVALID'],
  ['POST', '/v1/quotes', `{"client":"${someone}","pieceSize":1.5,"duration":1}`, 400, 'REQUEST_INVALID'],
  ['POST', '/v1/quotes', `{"client":"${someone}","pieceSize":256,"duration":-1}`, 400, 'REQUEST_INVALID'],
  ['POST', '/v1/quotes', `{"client":"${someone}","pieceSize":256,"duration":60,"more":1}`, 400, 'REQUEST_INVALID'],
  ['POST', '/v1/quotes', `{"client":"${someone.toUpperCase()}","pieceSize":256,"duration":60}`, 400, 'REQUEST_INVALID'],
  ['POST', '/v1/quotes', `{"client":"${someone}","pieceSize":300,"duration":60}`, 422, 'PIECE_SIZE_INVALID'],
  ['POST', '/v1/quotes', `{"client":"${someone}","pieceSize":256,"duration":59}`, 422, 'DURATION_TOO_SHORT'],
  ['POST', '/v1/quotes', `"${'x'.repeat(70_000)}"`, 413, 'REQUEST_TOO_LARGE'],
  ['POST', '/v1/auth', `{"client":"${someone}","issuedAt":1,"signature":"0x00"}`, 401, 'CLOCKS_APART'],
  ['POST', '/v1/deals', '{}', 401, 'TOKEN_MISSING'],
  ['GET', '/v1/deals/7', undefined, 404, 'DEAL_NOT_FOUND'],
  ['GET', '/v1/deals/7/events', undefined, 404, 'DEAL_NOT_FOUND'],
  ['GET', '/v1/deals/0xff', undefined, 400, 'REQUEST_INVALID'],
  ['GET', '/v1/deals/%ff', undefined, 400, 'REQUEST_INVALID'],
  ['GET', '/v1/nothing', undefined, 404, 'ROUTE_NOT_FOUND'],
  ['DELETE', '/v1/info', undefined, 404, 'ROUTE_NOT_FOUND'],
])('%s %s (case %#)', async (method, path, body, status, code) => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(new URL(path, market.url), { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  expect([response.status, JSON.parse(text).error.code]).toEqual([status, code])
  expect(text).not.toMatch(/\.ts:|node_modules|\n +at /)
})

const asked = { client: someone, pieceSize: '256', duration: '200' }
test.each([
  ['text', { headers: { 'content-type': 'text/plain' }, body: JSON.stringify(asked) }, 415, 'CONTENT_TYPE_UNSUPPORTED'],
  ['a form', { body: new URLSearchParams(asked) }, 415, 'CONTENT_TYPE_UNSUPPORTED'],
  ['a body without a type', { body: new TextEncoder().encode(JSON.stringify(asked)) }, 415, 'CONTENT_TYPE_UNSUPPORTED'],
  ['nothing', {}, 400, 'REQUEST_INVALID'],
  ['JSON that is empty', { headers: { 'content-type': 'application/json' }, body: '' }, 400, 'REQUEST_INVALID'],
] as const)('POST /v1/quotes with %s is refused for what it is', async (_, init, status, code) => {
  const response = await fetch(new URL('/v1/quotes', market.url), { method: 'POST', ...init })
  const { error } = await response.json()
  expect([response.status, error.code]).toEqual([status, code])
  if (status === 415) expect(error.hint).toBe('send application/json')
})

test('a packed body is refused before it is unpacked', async () => {
  const body = new Uint8Array(gzipSync(JSON.stringify({ client: someone, pieceSize: 256, duration: 200 })))
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  const response = await fetch(new URL('/v1/quotes', market.url), { method: 'POST', headers, body })
  const { error } = await response.json()
  expect([response.status, error.code]).toEqual([415, 'CONTENT_ENCODING_UNSUPPORTED'])
  expect(error.hint).toMatch(/without content-encoding/)
})

test('each field that is wrong is named', async () => {
  const { body } = await client.request('POST', '/v1/quotes', { client: someone, pieceSize: 1.5, duration: 'long' })
  expect(body.error.message).toBe(
    'pieceSize: expected a whole number, or one as decimal text; duration: expected a whole number, or one as decimal text',
  )
})

test('terms with a field that is wrong are refused by its name', async () => {
  await client.logIn()
  const { status, body } = await client.request('POST', '/v1/deals', { uploadId: '0'.repeat(32), terms: { client: 7 } })
  expect([status, body.error.code]).toEqual([400, 'MESSAGE_INVALID'])
  expect(body.error.details.path).toContain('terms')
})

test('what fails inside says nothing of the inside', async () => {
  const { status, body } = await client.request('GET', '/v1/info')
  expect([status, body.error.code, body.error.retryable]).toEqual([500, 'INTERNAL', true])
  expect(JSON.stringify(body)).not.toContain('chain to ask')
})

test('the events of a deal are its history, then what happens, from the last one seen on', async () => {
  const { agreementId } = await agreed()
  const { timeline } = market.deals
  timeline.append(agreementId, { type: 'seal-started', data: { sector: 1 } })

  const stop = new AbortController()
  const path = new URL(`/v1/deals/${agreementId}/events`, market.url)
  const response = await fetch(path, { signal: stop.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const seen: { id: string; event: string; data: string }[] = []
  for await (const event of readServerSentEvents(response.body!)) {
    seen.push(event)
    if (seen.length === 2)
      timeline.append(agreementId, { type: 'seal-layer', data: { sector: 1, layer: 1, layers: 2 } })
    if (seen.length === 3) break
  }
  stop.abort()
  expect(seen.map(({ event }) => event)).toEqual(['agreed', 'seal-started', 'seal-layer'])
  expect(JSON.parse(seen[2]!.data)).toMatchObject({ type: 'seal-layer', sector: 1, layer: 1, epoch: null })

  const again = new AbortController()
  const resumed = await fetch(path, { headers: { 'last-event-id': seen[1]!.id }, signal: again.signal })
  for await (const event of readServerSentEvents(resumed.body!)) {
    expect(event.event).toBe('seal-layer')
    break
  }
  again.abort()
})

test('HEAD of the events of a deal has the headers of the stream, and an end', async () => {
  const { agreementId } = await agreed()
  const socket = connect(Number(new URL(market.url).port), '127.0.0.1')
  try {
    socket.write(`HEAD /v1/deals/${agreementId}/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    // The server closes behind the end of its answer.
    const answer = await Promise.race([streamText(socket), setTimeout(5_000, 'no end', { ref: false })])
    expect(answer).toMatch(/^HTTP\/1.1 200 OK.*content-type: text\/event-stream\r\n.*\r\n\r\n$/s)
  } finally {
    socket.destroy()
  }
  const unknown = await fetch(new URL('/v1/deals/7/events', market.url), { method: 'HEAD' })
  expect(unknown.status).toBe(404)
})

test('a deal that was published in a block not followed yet is found by its number', async () => {
  const { agreementId } = await agreed()
  market.figures.published = new Map([[7, agreementId as Hash]])
  const { status, body } = await client.request('GET', '/v1/deals/7')
  expect([status, body.agreementId, body.state]).toEqual([200, agreementId, 'agreed'])
  const stop = new AbortController()
  const response = await fetch(new URL('/v1/deals/7/events', market.url), { signal: stop.signal })
  expect(response.status).toBe(200)
  for await (const { event } of readServerSentEvents(response.body!)) {
    expect(event).toBe('agreed')
    break
  }
  stop.abort()
  // Another provider's.
  market.figures.published = new Map<number, Hash>([[8, `0x${'cd'.repeat(32)}`]])
  expect((await client.request('GET', '/v1/deals/8')).body.error.code).toBe('DEAL_NOT_FOUND')
})

test('browsers of any origin may ask; only what they need is allowed', async () => {
  const headers = { origin: 'https://example.org', 'access-control-request-method': 'POST' }
  const response = await fetch(new URL('/v1/quotes', market.url), { method: 'OPTIONS', headers })
  expect(response.status).toBe(204)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(response.headers.get('access-control-allow-headers')).toContain('Authorization')
  expect(response.headers.get('access-control-allow-credentials')).toBeNull()
  expect(response.headers.get('x-powered-by')).toBeNull()
})

test('it says that it is well', async () => {
  const { status, body } = await client.request('GET', '/healthz')
  expect([status, body]).toEqual([200, { ok: true, reasons: [], height: 100, alerts: [] }])
})

test('what it says of its faults has no paths of its own, and no key of its node', async () => {
  const subject = '/srv/granary/volume'
  const message = `the volume ${subject} is away, http://node.example/v3/KEY too`
  market.alerts.raise({ code: 'VOLUME_AWAY', subject, message, hint: `look at ${subject}` })
  market.alerts.raise({ code: 'DISK_FULL', subject, message, hint: 'make room' })
  for (const path of ['/healthz', '/readyz']) {
    const { body } = await client.request('GET', path)
    expect([body.reasons.length, body.alerts.length]).toEqual([1, 2])
    expect(body.alerts[0]).toMatchObject({ subject: 'volume', hint: 'look at volume' })
    expect(JSON.stringify(body)).not.toMatch(/srv|KEY/)
  }
})

test.each([
  'http://user:KEY@node.example:8545/',
  'http://node.example:8545/v3/KEY',
  'http://node.example:8545/?key=KEY#KEY',
])('of its node it names the origin alone: %s', async (url) => {
  market.figures.info = { ...info, chain: { ...info.chain, url } }
  const { body } = await client.request('GET', '/v1/info')
  expect(body.chain).toEqual({ ...info.chain, url: 'http://node.example:8545' })
})

const info: ProviderInfo = {
  view: {
    ...{
      id: 1000,
      owner: someone,
      payout: someone,
      sessionKey: null,
      endpoints: [],
      peerId: '',
      region: '',
      name: 'barn',
    },
    ask: {
      ...{ pricePerGiBEpoch: '1', pieceSizeMin: 256, pieceSizeMax: SECTOR_BYTES, durationMin: 60, durationMax: 1_000 },
      ...{ profiles: ['8MiB-dev'], collateralShareMaxBps: 10_000, validUntil: 1_000 },
    },
    collateral: { free: '0', locked: '0', debt: '0' },
    vesting: { locked: '0', releasable: '0', end: null, perDealGiB: null },
    registeredAt: 1,
  },
  address: someone,
  multiaddrs: [],
  profile: profileNamed('8MiB-dev'),
  freeBytes: 1,
  ordersMax: 9,
  chain: { genesisHash, height: 100, url: 'http://127.0.0.1:7460' },
}

test('no answer has a field that its declaration has not', async () => {
  const { marketDescriptions, ...others } = declared
  const operations = Object.values(others).flatMap((value): Operation[] =>
    typeof value === 'object' && 'method' in value ? [{ ...value, ...marketDescriptions[value.id] }] : [],
  )
  const answers = watchAnswers(operations)
  client = new TestClient(market.url, { fetch: answers.fetch })
  const { agreementId } = await agreed()
  market.deals.timeline.append(agreementId, { type: 'seal-layer', data: { sector: 1, layer: 1, layers: 2 } })
  market.figures.info = info
  market.alerts.raise({ code: 'FEES_SHORT', subject: 's', message: 'm', hint: 'h' })
  const renewal = { deal: 5, agreementId: genesisHash, startsAt: 8, endsAt: 9, providerCollateral: 1n, validUntil: 7 }
  market.figures.renewal = { renewal, signature: new Uint8Array(96) }
  await client.request('POST', '/v1/renewals', { deal: 5, endsAt: 9 })
  for (const path of ['/healthz', '/readyz', '/v1/info', `/v1/deals/${agreementId}`]) await client.request('GET', path)
  const answering = operations.filter(({ type }) => type === undefined)
  expect([...answers.answered].toSorted()).toEqual(answering.map(({ id }) => id).toSorted())
  expect([...answers.undeclared]).toEqual([])
})

test('its document names every operation once, with what is sent and what is answered', async () => {
  const document = (await (await fetch(`${market.url}/openapi.json`)).json()) as OpenApiDocument
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  const operations = Object.values(declared).flatMap((value) =>
    typeof value === 'object' && 'method' in value ? [`${value.method} ${value.path}`] : [],
  )
  expect(found.toSorted()).toEqual(operations.toSorted())
  const digits = { type: 'string', pattern: expect.any(String) }
  const terms = {
    properties: { provider: { type: 'integer' }, pricePerEpoch: digits, rootCid: { type: 'string' } },
    required: expect.not.arrayContaining(['rootCid']),
  }
  expect(document.paths['/v1/deals']?.post).toMatchObject({
    requestBody: {
      content: { 'application/json': { schema: { properties: { terms }, required: ['uploadId', 'terms'] } } },
    },
    responses: { 200: { content: { 'application/json': { schema: { properties: { terms } } } } } },
  })
  expect(document.paths['/v1/quotes']?.post).toMatchObject({
    responses: {
      200: {
        content: { 'application/json': { schema: { properties: { quote: { properties: { total: digits } } } } } },
      },
    },
  })
  expect(document.paths['/v1/deals/{id}/events']?.get).toMatchObject({
    parameters: [{ name: 'id', in: 'path', required: true }],
    responses: { 200: { content: { 'text/event-stream': {} } } },
  })
})
