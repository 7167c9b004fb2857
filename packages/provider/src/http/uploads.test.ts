import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { Upload } from 'tus-js-client'
import {
  randomCar,
  startMarket,
  type TestCar,
  TestClient,
  type TestMarket,
  temporaryHome,
  termsOf,
  uploadMetadata,
} from '../../test/market-kit.ts'
import { promisedDeals } from '../market/promised-deals.ts'
import { sweepUploads } from '../market/sweep-uploads.ts'

let home: Awaited<ReturnType<typeof temporaryHome>>
let market: TestMarket
let client: TestClient
let car: TestCar

beforeAll(async () => {
  car = await randomCar(3_000_000)
})
beforeEach(async () => {
  home = await temporaryHome()
  market = await startMarket(home.home)
  client = await new TestClient(market.url).logIn()
})
afterEach(async () => {
  await market.crash()
  await home.remove()
})

function creation(size: number, metadata: Record<string, string>): Record<string, string> {
  const pairs = Object.entries(metadata).map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
  return { 'tus-resumable': '1.0.0', 'upload-length': String(size), 'upload-metadata': pairs.join(',') }
}

async function create(by: TestClient, of: TestCar, change: Record<string, string> = {}, size = of.bytes.length) {
  const metadata = { ...uploadMetadata(of, await by.quote(of.pieceSize)), ...change }
  return by.request('POST', '/v1/uploads', undefined, creation(size, metadata))
}

async function offsetOf(by: TestClient, uploadId: string): Promise<number> {
  const { headers, status } = await by.request('HEAD', `/v1/uploads/${uploadId}`, undefined, {
    'tus-resumable': '1.0.0',
  })
  expect(status).toBe(200)
  return Number(headers.get('upload-offset'))
}

test('an upload that was broken off goes on where the provider, restarted, says it is', async () => {
  const quote = await client.quote(car.pieceSize)
  const options = { headers: client.authorization, metadata: uploadMetadata(car, quote), retryDelays: null }
  const interrupted = Promise.withResolvers<string>()
  const first = new Upload(car.bytes, {
    ...options,
    endpoint: `${market.url}/v1/uploads`,
    chunkSize: 1_000_000,
    onChunkComplete: () => {
      void first.abort()
      interrupted.resolve(String(first.url))
    },
    onError: interrupted.reject,
  })
  first.start()
  const uploadId = String((await interrupted.promise).split('/').at(-1))

  await market.crash()
  market = await startMarket(home.home)
  const later = await new TestClient(market.url).logIn()
  const offset = await offsetOf(later, uploadId)
  expect(offset).toBeGreaterThanOrEqual(1_000_000)
  expect(offset).toBeLessThan(car.bytes.length)

  let sent = 0
  const finished = Promise.withResolvers<void>()
  const second = new Upload(car.bytes, {
    ...options,
    uploadUrl: `${market.url}/v1/uploads/${uploadId}`,
    headers: later.authorization,
    onBeforeRequest: (sending) => {
      if (sending.getMethod() === 'PATCH') sent = car.bytes.length - Number(sending.getHeader('Upload-Offset'))
    },
    onSuccess: () => finished.resolve(),
    onError: finished.reject,
  })
  second.start()
  await finished.promise
  expect(sent).toBe(car.bytes.length - offset)
  expect((await later.agree(uploadId, termsOf(car, quote))).status).toBe(201)
})

test('bytes that arrived before the connection broke are kept', async () => {
  const { headers } = await create(client, car)
  const path = uploadPath(headers)
  const patch = request(new URL(path, market.url), {
    method: 'PATCH',
    headers: {
      ...client.authorization,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
      'content-length': car.bytes.length,
    },
  })
  patch.on('error', () => {})
  patch.write(car.bytes.subarray(0, 500_000))
  const uploadId = String(path.split('/').at(-1))
  for (let tries = 0; tries < 100 && (await stagedSize(uploadId)) < 500_000; tries++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const closed = Promise.withResolvers<void>()
  patch.on('close', () => closed.resolve())
  patch.destroy()
  await closed.promise
  expect(await offsetOf(client, uploadId)).toBe(500_000)
})

test('an upload belongs to the client who created it', async () => {
  const { headers } = await create(client, car)
  const path = uploadPath(headers)
  const stranger = await new TestClient(market.url, { key: 2 }).logIn()
  for (const method of ['HEAD', 'PATCH', 'DELETE', 'GET']) {
    const { status } = await stranger.request(method, path, undefined, { 'tus-resumable': '1.0.0' })
    expect([method, status]).toEqual([method, 404])
  }
  const anonymous = await new TestClient(market.url).request('HEAD', path, undefined, { 'tus-resumable': '1.0.0' })
  expect(anonymous.status).toBe(401)
  expect((await client.request('GET', path)).status).toBe(404)
})

test('the client may take it back', async () => {
  const { headers } = await create(client, car)
  const deleted = await client.request('DELETE', uploadPath(headers), undefined, {
    'tus-resumable': '1.0.0',
  })
  expect(deleted.status).toBe(204)
  expect([await market.stagedFiles(), market.deals.uploads.all()]).toEqual([[], []])
})

test('what is being agreed on can be neither taken back nor changed', async () => {
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  const begun = Promise.withResolvers<void>()
  const { balance } = market.figures
  Object.defineProperty(market.figures, 'balance', {
    get: () => {
      begun.resolve()
      return balance
    },
  })
  const agreeing = client.agree(uploadId, termsOf(car, quote))
  await begun.promise
  const headers = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' }
  const refused = await Promise.all(
    ['DELETE', 'PATCH'].map((method) => client.request(method, `/v1/uploads/${uploadId}`, undefined, headers)),
  )
  expect(refused.map(({ status, body }) => [status, body?.error.code])).toEqual([
    [423, 'UPLOAD_BUSY'],
    [423, 'UPLOAD_BUSY'],
  ])
  expect((await agreeing).status).toBe(201)
  expect(await market.pieceFiles()).toEqual([`${car.pieceCid}.car`])
})

test('while bytes are still on their way nothing is agreed', async () => {
  const quote = await client.quote(car.pieceSize)
  const { headers } = await create(client, car)
  const path = uploadPath(headers)
  const patch = request(new URL(path, market.url), {
    method: 'PATCH',
    headers: {
      ...client.authorization,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    },
  })
  patch.on('error', () => {})
  patch.write(car.bytes)
  const uploadId = String(path.split('/').at(-1))
  for (let tries = 0; tries < 100 && (await stagedSize(uploadId)) < car.bytes.length; tries++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const { status, body } = await client.agree(uploadId, termsOf(car, quote))
  expect([status, body.error]).toMatchObject([423, { code: 'UPLOAD_BUSY', retryable: true }])
  const answered = Promise.withResolvers<void>()
  patch.on('response', (response) => response.resume().on('end', () => answered.resolve()))
  patch.end()
  await answered.promise
  expect((await client.agree(uploadId, termsOf(car, quote))).status).toBe(201)
})

test('a request that stays open after its client has gone on elsewhere does not hold the agreement', async () => {
  const quote = await client.quote(car.pieceSize)
  const { headers } = await create(client, car)
  const path = uploadPath(headers)
  const tus = { ...client.authorization, 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' }
  const stale = request(new URL(path, market.url), { method: 'PATCH', headers: { ...tus, 'upload-offset': '0' } })
  stale.on('error', () => {})
  stale.write(car.bytes.subarray(0, 500_000))
  const uploadId = String(path.split('/').at(-1))
  for (let tries = 0; tries < 100 && (await stagedSize(uploadId)) < 500_000; tries++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const from = await offsetOf(client, uploadId)
  const rest = await fetch(new URL(path, market.url), {
    method: 'PATCH',
    headers: { ...tus, 'upload-offset': String(from) },
    body: new Uint8Array(car.bytes.subarray(from)),
  })
  expect(rest.status).toBe(204)
  expect((await client.agree(uploadId, termsOf(car, quote))).status).toBe(201)
  stale.destroy()
})

test('the name of an upload is its path and nothing else', async () => {
  const stranger = await new TestClient(market.url, { key: 2 }).logIn()
  const path = uploadPath((await create(client, car)).headers)
  const own = uploadPath((await create(stranger, car)).headers)
  const trick = `${own}?x=/${path.split('/').at(-1)}`
  const tus = { 'tus-resumable': '1.0.0' }
  expect((await stranger.request('DELETE', trick, undefined, tus)).status).toBe(404)
  const overridden = { ...tus, 'x-http-method-override': 'DELETE' }
  expect((await client.request('HEAD', path, undefined, overridden)).status).toBe(200)
  expect(await market.stagedFiles()).toHaveLength(2)
})

test('creating one needs a login', async () => {
  const quote = await client.quote(car.pieceSize)
  const headers = creation(car.bytes.length, uploadMetadata(car, quote))
  const { status, body } = await new TestClient(market.url).request('POST', '/v1/uploads', undefined, headers)
  expect([status, body.error.code]).toEqual([401, 'TOKEN_INVALID'])
})

test.each([
  ['another size of piece', { pieceSize: '128' }, 400, 'UPLOAD_METADATA_INVALID'],
  ['a quote that is not there', { quoteId: '00' }, 400, 'UPLOAD_METADATA_INVALID'],
])('metadata with %s is refused and leaves nothing', async (_, change, status, code) => {
  const answer = await create(client, car, change)
  expect([answer.status, answer.body.error.code]).toEqual([status, code])
  expect([await market.stagedFiles(), market.deals.uploads.all()]).toEqual([[], []])
})

test('a payload that cannot fit into the piece is refused by size', async () => {
  const { status, body } = await create(client, car, {}, car.pieceSize)
  expect([status, body.error.code]).toEqual([413, 'UPLOAD_TOO_LARGE'])
})

test('bytes that do not have their checksum are as if they had not been sent', async () => {
  const { headers } = await create(client, car)
  const path = uploadPath(headers)
  const uploadId = String(path.split('/').at(-1))
  const half = car.bytes.subarray(0, 1_000_000)
  const hashOf = (bytes: Buffer) => `sha256 ${createHash('sha256').update(bytes).digest('base64')}`
  const send = (from: number, body: Buffer, checksum: string) =>
    fetch(new URL(path, market.url), {
      method: 'PATCH',
      headers: {
        ...client.authorization,
        'tus-resumable': '1.0.0',
        'upload-offset': String(from),
        'upload-checksum': checksum,
        'content-type': 'application/offset+octet-stream',
      },
      body: new Uint8Array(body),
    })
  expect((await send(0, half, hashOf(half))).status).toBe(204)
  const rest = car.bytes.subarray(1_000_000)
  const broken = await send(1_000_000, rest, hashOf(half))
  expect([broken.status, (await broken.json()).error.code]).toEqual([460, 'UPLOAD_CHECKSUM_MISMATCH'])
  expect(await offsetOf(client, uploadId)).toBe(1_000_000)
  expect((await send(1_000_000, rest, 'md4 AAAA')).status).toBe(400)
  expect((await send(1_000_000, rest, hashOf(rest))).status).toBe(204)
  expect(await offsetOf(client, uploadId)).toBe(car.bytes.length)
})

test('what tus refuses has a code, and nothing is promised that is refused', async () => {
  const headers = { ...client.authorization, 'tus-resumable': '1.0.0', 'upload-length': '1000' }
  const refused = async (method: string, path: string, more: Record<string, string>) => {
    const response = await fetch(new URL(path, market.url), { method, headers: { ...headers, ...more } })
    return [response.status, (await response.json()).error]
  }
  const quote = await client.quote(car.pieceSize)
  const metadata = Object.entries(uploadMetadata(car, quote)).map(([key, value]) => `${key} ${btoa(value)}`)
  const partial = { 'upload-metadata': metadata.join(), 'upload-concat': 'partial' }
  const refusal = { code: 'UPLOAD_REFUSED', retryable: false }
  expect(await refused('POST', '/v1/uploads', partial)).toEqual([
    501,
    expect.objectContaining({ ...refusal, message: expect.stringContaining('Concatenation') }),
  ])
  expect(market.deals.uploads.all()).toEqual([])
  const path = uploadPath((await create(client, car)).headers)
  const offset = { 'upload-offset': '-1', 'content-type': 'application/offset+octet-stream' }
  expect(await refused('PATCH', path, offset)).toEqual([400, expect.objectContaining(refusal)])
  const { headers: options } = await client.request('OPTIONS', '/v1/uploads')
  expect(options.get('tus-extension')).not.toMatch(/concat|defer/)
})

test('more bytes than were announced are refused', async () => {
  const { headers } = await create(client, car)
  const response = await fetch(new URL(uploadPath(headers), market.url), {
    method: 'PATCH',
    headers: {
      ...client.authorization,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    },
    body: Buffer.concat([car.bytes, Buffer.from('!')]),
  })
  expect(response.status).toBe(413)
})

test('a client has a limit of open uploads, and of bytes', async () => {
  await market.crash()
  market = await startMarket(home.home, { uploadsPerClient: 2, stagedBytesPerClient: 2 * car.bytes.length - 1 })
  client = await new TestClient(market.url).logIn()
  const small = await randomCar(1000)
  expect((await create(client, car)).status).toBe(201)
  const bytes = await create(client, car)
  expect([bytes.status, bytes.body.error.details.what]).toEqual([429, 'bytes'])
  expect((await create(client, small)).status).toBe(201)
  const count = await create(client, small)
  expect([count.status, count.body.error.details.what]).toEqual([429, 'uploads'])
  const other = await new TestClient(market.url, { key: 2 }).logIn()
  expect((await create(other, small)).status).toBe(201)
})

test('room is taken as bytes arrive, not when an upload is created, and is not promised again', async () => {
  await market.crash()
  market = await startMarket(home.home, {}, 14 * 1024 * 1024)
  client = await new TestClient(market.url).logIn()
  const before = market.deals.space.freeBytes()
  const quote = await client.quote(car.pieceSize)
  for (let count = 0; count < 8; count += 1) expect((await create(client, car)).status).toBe(201)
  expect(market.deals.space.freeBytes()).toBe(before)
  await client.upload(car.bytes, car, quote)
  expect(market.deals.space.freeBytes()).toBe(before - car.bytes.length)
  const refused = await client.request('POST', '/v1/quotes', {
    client: quote.client,
    pieceSize: car.pieceSize,
    duration: 200,
  })
  expect([refused.status, refused.body.error.code]).toEqual([507, 'NO_SPACE'])

  await market.crash()
  market = await startMarket(home.home, {}, 14 * 1024 * 1024)
  expect(market.deals.space.freeBytes()).toBe(before - car.bytes.length)
})

test('bytes for which there is no room are refused, and the upload goes on at its offset when there is', async () => {
  await market.crash()
  const capacityBytes = 13_000_000
  market = await startMarket(home.home, {}, capacityBytes)
  client = await new TestClient(market.url).logIn()
  const paths: string[] = []
  for (let count = 0; count < 5; count += 1) paths.push(uploadPath((await create(client, car)).headers))
  const [path = '', ...others] = paths
  const other = others.pop() ?? ''
  for (const fits of [path, ...others]) expect((await patch(fits, car.bytes)).status).toBe(204)
  const refused = await patch(other, car.bytes)
  expect([refused.status, (await refused.json()).error.code]).toEqual([507, 'NO_SPACE'])
  const tus = { 'tus-resumable': '1.0.0' }
  expect((await client.request('DELETE', path, undefined, tus)).status).toBe(204)
  const from = await offsetOf(client, String(other.split('/').at(-1)))
  expect(from).toBeLessThan(capacityBytes - 4 * car.bytes.length)
  expect((await patch(other, car.bytes.subarray(from), from)).status).toBe(204)
})

test('an account that cannot pay the quote brings no bytes', async () => {
  const { total } = await client.quote(car.pieceSize)
  const { figures } = market
  figures.balance = total + 999n
  const poor = await create(client, car)
  expect([poor.status, poor.body.error.code]).toEqual([402, 'CLIENT_FUNDS_INSUFFICIENT'])
  expect([await market.stagedFiles(), market.deals.uploads.all()]).toEqual([[], []])
  figures.balance = total + 1000n
  const path = uploadPath((await create(client, car)).headers)
  const second = await create(client, car)
  expect([second.status, second.body.error.code]).toEqual([402, 'CLIENT_FUNDS_INSUFFICIENT'])
  figures.balance = 0n
  const gone = await patch(path, car.bytes)
  expect([gone.status, (await gone.json()).error.code]).toEqual([402, 'CLIENT_FUNDS_INSUFFICIENT'])
  expect(market.deals.uploads.reservedBytes()).toBe(0)
  figures.balance = total + 1000n
  expect((await patch(path, car.bytes)).status).toBe(204)
})

function patch(path: string, bytes: Buffer, from = 0): Promise<Response> {
  return fetch(new URL(path, market.url), {
    method: 'PATCH',
    headers: {
      ...client.authorization,
      'tus-resumable': '1.0.0',
      'upload-offset': String(from),
      'content-type': 'application/offset+octet-stream',
    },
    body: new Uint8Array(bytes),
  })
}

function sweepAfter(afterMs: number, expiryMs = 86_400_000): Promise<number> {
  const freeBalanceOf = async () => market.figures.balance
  return sweepUploads({ ...market.deals, freeBalanceOf, expiryMs, nowMs: () => Date.now() + afterMs })
}

test('an open upload holds collateral and money as long as it is open, also when its quote has run out', async () => {
  const { figures, deals } = market
  const quote = await client.quote(car.pieceSize)
  const path = uploadPath((await create(client, car)).headers)
  figures.height = quote.validUntil + 1
  deals.quotes.dropBefore(figures.height)
  expect(deals.quotes.count()).toBe(1)
  expect(promisedDeals(deals).collateral).toBe(quote.providerCollateral)
  figures.balance = quote.total + 1000n
  const second = await create(client, car)
  expect([second.status, second.body.error.code]).toEqual([402, 'CLIENT_FUNDS_INSUFFICIENT'])
  figures.balance = 0n
  expect((await patch(path, car.bytes)).status).toBe(402)
})

test('the same money does not hold collateral twice: uploads that can no longer be paid end, the newest first', async () => {
  const { figures, deals } = market
  const { total } = await client.quote(car.pieceSize)
  const path = uploadPath((await create(client, car)).headers)
  await patch(path, car.bytes.subarray(0, 1))
  await create(client, car)
  figures.balance = 2n * total
  expect(await sweepAfter(0)).toBe(0)
  figures.balance = total
  expect(await sweepAfter(0)).toBe(1)
  expect(deals.uploads.all().map(({ uploadId }) => `/v1/uploads/${uploadId}`)).toEqual([path])
  figures.balance = total - 1n
  expect(await sweepAfter(0)).toBe(1)
  expect([await market.stagedFiles(), promisedDeals(deals).collateral]).toEqual([[], 0n])
})

test('an upload for which nothing has come ends after ten minutes', async () => {
  const path = uploadPath((await create(client, car)).headers)
  await patch(path, car.bytes.subarray(0, 1))
  await create(client, car)
  expect(await sweepAfter(9 * 60_000)).toBe(0)
  expect(await sweepAfter(11 * 60_000)).toBe(1)
  expect(market.deals.uploads.all().map(({ uploadId }) => `/v1/uploads/${uploadId}`)).toEqual([path])
})

test('an upload that ran out is swept, one that did not stays', async () => {
  await create(client, car)
  const { uploads } = market.deals
  const sweep = (afterMs: number) => sweepAfter(afterMs, 1000)
  expect(await sweep(0)).toBe(0)
  expect(await market.stagedFiles()).toHaveLength(1)
  expect(await sweep(2000)).toBe(1)
  expect([await market.stagedFiles(), uploads.all()]).toEqual([[], []])
})

test('a browser may ask from anywhere', async () => {
  const { status, headers } = await client.request('OPTIONS', '/v1/uploads', undefined, {
    origin: 'https://example.org',
  })
  expect(status).toBe(204)
  expect(headers.get('access-control-allow-origin')).toBe('*')
  expect(headers.get('access-control-allow-headers')).toContain('Authorization')
  expect(headers.get('tus-extension')).toMatch(/creation.*expiration.*checksum/)
  expect(headers.get('tus-checksum-algorithm')).toBe('sha256,sha1')
})

async function stagedSize(uploadId: string): Promise<number> {
  return (await stat(join(market.folders.staging, uploadId))).size
}

/** The address is relative to that of the request, so that it is right behind a proxy with a path of its own. */
function uploadPath(headers: Headers): string {
  const location = headers.get('location') ?? ''
  expect(location).toMatch(/^uploads\/[0-9a-f]{32}$/)
  return `/v1/${location}`
}
