/** What is checked while it comes is signed for as what is checked at the agreement is, and nothing else is. */
import { createHash } from 'node:crypto'
import { copyFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
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
import { createUploadChecks } from './upload-checks.ts'

const FIRST = 6_000_000

let home: Awaited<ReturnType<typeof temporaryHome>>
let market: TestMarket
let client: TestClient
let car: TestCar
beforeAll(async () => {
  car = await randomCar(7_000_000)
})
beforeEach(async () => {
  home = await temporaryHome()
  await start()
})
afterEach(async () => {
  await market.crash()
  await home.remove()
})

async function start(): Promise<void> {
  market = await startMarket(home.home)
  client = await new TestClient(market.url).logIn()
}

async function begun(bytes: Buffer = car.bytes) {
  const quote = await client.quote(car.pieceSize)
  const pairs = Object.entries(uploadMetadata(car, quote)).map(
    ([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`,
  )
  const { headers } = await client.request('POST', '/v1/uploads', undefined, {
    'tus-resumable': '1.0.0',
    'upload-length': String(bytes.length),
    'upload-metadata': pairs.join(','),
  })
  const uploadId = String(headers.get('location')).slice('uploads/'.length)
  expect(await send(uploadId, 0, bytes.subarray(0, FIRST))).toBe(204)
  return { uploadId, terms: termsOf(car, quote) }
}

async function send(uploadId: string, from: number, body: Buffer, headers: Record<string, string> = {}) {
  const { status } = await fetch(new URL(`/v1/uploads/${uploadId}`, market.url), {
    method: 'PATCH',
    headers: {
      ...client.authorization,
      'tus-resumable': '1.0.0',
      'upload-offset': String(from),
      'content-type': 'application/offset+octet-stream',
      ...headers,
    },
    body: new Uint8Array(body),
  })
  return status
}

const rest = (): Buffer => car.bytes.subarray(FIRST)
const toCheck = (uploadId: string) => ({
  ...{ uploadId, path: market.deals.files.stagingPath(uploadId), rootCid: car.rootCid },
})

test('the rest is checked at the agreement', async () => {
  const { uploadId, terms } = await begun()
  await send(uploadId, FIRST, rest())
  expect((await client.agree(uploadId, terms)).status).toBe(201)
})

test('what comes is checked meanwhile, and once', async () => {
  const { uploadId, terms } = await begun()
  await send(uploadId, FIRST, rest())
  const { checks } = market.deals
  expect(await checks.finish(toCheck(uploadId))).toMatchObject({ payloadSize: car.payloadSize })
  expect(await checks.finish(toCheck(uploadId))).toBeUndefined()
  expect((await client.agree(uploadId, terms)).status).toBe(201)
})

test('what has not its checksum is no part of what is checked', async () => {
  const { uploadId, terms } = await begun()
  const wrong = rest().map((byte) => byte ^ 1)
  const checksum = `sha256 ${createHash('sha256').update(rest()).digest('base64')}`
  expect(await send(uploadId, FIRST, wrong as Buffer, { 'upload-checksum': checksum })).toBe(460)
  expect(await send(uploadId, FIRST, rest(), { 'upload-checksum': checksum })).toBe(204)
  expect((await client.agree(uploadId, terms)).status).toBe(201)
})

test('after a kill all of it is checked, be some of it on disk before', async () => {
  const { uploadId, terms } = await begun()
  const path = market.deals.files.stagingPath(uploadId)
  await market.crash()
  await writeFile(path, Buffer.from(car.bytes.subarray(0, FIRST)).fill(7, 1_000_000, 1_000_010))
  await start()
  await send(uploadId, FIRST, rest())
  expect((await client.agree(uploadId, terms)).body.error.code).toBe('CAR_INVALID')
})

test('a block that is not what its CID says is refused with its place, and nothing of it is left', async () => {
  const bytes = Buffer.from(car.bytes)
  bytes[2_500_000]! ^= 1
  const { uploadId, terms } = await begun(bytes)
  await send(uploadId, FIRST, rest())
  const { status, body } = await client.agree(uploadId, terms)
  expect([status, body.error.code, body.error.details.block]).toEqual([422, 'CAR_INVALID', 3])
  expect(await market.stagedFiles()).toEqual([])
})

test('a file that was put into its place is checked as a whole', async () => {
  const { uploadId, terms } = await begun()
  await send(uploadId, FIRST, rest())
  const { path } = toCheck(uploadId)
  const other = join(home.home, 'other')
  await copyFile(path, other)
  await writeFile(other, 'damaged', { flag: 'r+' })
  await rename(other, path)
  expect((await client.agree(uploadId, terms)).body.error.code).toBe('CAR_INVALID')
})

test('so many are checked while they come, and one that rests makes room', async () => {
  let nowMs = 0
  const checks = createUploadChecks(() => nowMs)
  const path = join(home.home, 'car')
  await writeFile(path, car.bytes)
  const upload = (uploadId: string) => ({ uploadId, path, rootCid: car.rootCid })
  for (const uploadId of ['a', 'b', 'c', 'd', 'e']) checks.written(upload(uploadId), FIRST)
  expect(await checks.finish(upload('e'))).toBeUndefined()
  nowMs = 60_001
  for (const uploadId of ['b', 'c', 'd', 'e']) checks.written(upload(uploadId), FIRST)
  expect(await checks.finish(upload('a'))).toBeUndefined()
  expect(await checks.finish(upload('e'))).toMatchObject({ payloadSize: car.payloadSize })
  expect(await checks.finish({ ...upload('b'), rootCid: undefined })).toBeUndefined()
  checks.forget('c')
  expect(await checks.finish(upload('c'))).toBeUndefined()
})
