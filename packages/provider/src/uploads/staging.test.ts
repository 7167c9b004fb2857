/** Uploads on the volumes: what arrives lies where its piece will, and is never copied. */
import { existsSync, statfsSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
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
import { makeVolume } from '../storage/volume-record.ts'
import { type VolumeConfig, type VolumesConfig, volumeRoles } from '../storage/volumes.ts'

let home: Awaited<ReturnType<typeof temporaryHome>>
let market: TestMarket
let client: TestClient
let car: TestCar
let disks: { -readonly [Key in keyof VolumesConfig]: VolumesConfig[Key] }

beforeAll(async () => {
  car = await randomCar(1_500_000)
})
beforeEach(async () => {
  home = await temporaryHome()
  disks = { homeRoles: ['sealing', 'replicas'], volumes: [await volume('a')], diskReserveBytes: 0 }
  await start()
})
afterEach(async () => {
  await market.crash()
  await home.remove()
})

async function volume(name: string): Promise<VolumeConfig> {
  const path = join(home.home, name)
  await mkdir(path)
  return { path, id: (await makeVolume(path, '0x01', undefined)).id, roles: ['unsealed'], weight: 1 }
}

async function start(): Promise<void> {
  market = await startMarket(home.home, {}, undefined, disks)
  client = await new TestClient(market.url).logIn()
}

/** Of one that is created, and has no bytes yet. */
async function created(): Promise<string> {
  const pairs = Object.entries(uploadMetadata(car, await client.quote(car.pieceSize))).map(
    ([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`,
  )
  const { headers, body } = await client.request('POST', '/v1/uploads', undefined, {
    'tus-resumable': '1.0.0',
    'upload-length': String(car.bytes.length),
    'upload-metadata': pairs.join(','),
  })
  const location = headers.get('location')
  if (location === null) throw new Error(body.error.code)
  return location.slice('uploads/'.length)
}

const offset = (uploadId: string) =>
  client.request('HEAD', `/v1/uploads/${uploadId}`, undefined, { 'tus-resumable': '1.0.0' })

const on = (name: string, folder: 'staging' | 'pieces'): Promise<string[]> => readdir(join(home.home, name, folder))

test('an upload lies on the volume of its piece, and becomes it by another name', async () => {
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  expect([await on('a', 'staging'), await market.stagedFiles()]).toEqual([[uploadId], []])
  const { ino } = statSync(join(home.home, 'a', 'staging', uploadId))
  expect((await client.agree(uploadId, termsOf(car, quote))).status).toBe(201)
  expect([await on('a', 'staging'), await market.pieceFiles()]).toEqual([[], []])
  const path = join(home.home, 'a', 'pieces', `${car.pieceCid}.car`)
  expect([statSync(path).ino, market.deals.files.piecePath(car.pieceCid)]).toEqual([ino, path])
})

test('what was begun in the home goes on there, and becomes the piece there, to be moved', async () => {
  disks.homeRoles = volumeRoles
  disks.volumes = []
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  expect(await market.stagedFiles()).toEqual([uploadId])
  await market.crash()
  disks.homeRoles = ['sealing', 'replicas']
  disks.volumes = [await volume('b')]
  await start()
  expect((await client.agree(uploadId, termsOf(car, quote))).status).toBe(201)
  expect([await market.stagedFiles(), await market.pieceFiles()]).toEqual([[], [`${car.pieceCid}.car`]])
})

test('uploads that are opened at once go to different volumes', async () => {
  disks.volumes = [...disks.volumes, await volume('b')]
  for (let count = 0; count < 4; count++) await created()
  expect([(await on('a', 'staging')).length, (await on('b', 'staging')).length]).toEqual([2, 2])
})

test('no upload takes what its volume is to keep free, be there room on others', async () => {
  const quote = await client.quote(car.pieceSize)
  const { bavail, bsize } = statfsSync(home.home)
  const uploadId = await created()
  disks.diskReserveBytes = bavail * bsize
  const { status, body } = await client.request('PATCH', `/v1/uploads/${uploadId}`, 'x', {
    'tus-resumable': '1.0.0',
    'content-type': 'application/offset+octet-stream',
    'upload-offset': '0',
  })
  expect([status, body.error.code]).toEqual([507, 'NO_SPACE'])
  expect(statSync(join(home.home, 'a', 'staging', uploadId)).size).toBe(0)
  disks.diskReserveBytes = 0
  disks.volumes = disks.volumes.map((each) => ({ ...each, roles: [] }))
  expect(market.deals.files.roomOfUpload(uploadId)).toBeGreaterThan(0)
  await expect(client.upload(car.bytes, car, quote)).rejects.toThrow('NO_SPACE')
})

test('an upload whose disk is away is not lost: it goes on when that is back, also after a restart', async () => {
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  const disk = join(home.home, 'a')
  await rename(disk, `${disk}.gone`)
  await mkdir(disk)
  expect((await offset(uploadId)).status).toBe(503)
  expect((await client.agree(uploadId, termsOf(car, quote))).body.error).toMatchObject({
    code: 'PIECE_UNREADABLE',
    retryable: true,
  })
  await market.crash()
  await start()
  expect((await offset(uploadId)).status).toBe(503)
  // Nothing was written where the disk is to be.
  expect(await readdir(disk)).toEqual([])
  await rename(`${disk}.gone`, disk)
  expect((await offset(uploadId)).status).toBe(200)
  expect((await client.agree(uploadId, termsOf(car, quote))).status).toBe(201)
})

test('a piece whose disk vanished just when it was agreed on is in its place when that is back', async () => {
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  const disk = join(home.home, 'a')
  const { deals, files } = market.deals
  const agreement = { agreementId: `0x${'01'.repeat(32)}` as const, terms: termsOf(car, quote), epoch: 100 }
  deals.agree({ ...agreement, signature: new Uint8Array(96) }, uploadId)
  await rename(disk, `${disk}.gone`)
  expect(await files.placeAll()).toEqual([])
  await market.crash()
  await start()
  expect(await market.deals.files.placeAll()).toEqual([])
  await rename(`${disk}.gone`, disk)
  expect(await market.deals.files.placeAll()).toEqual([car.pieceCid])
  expect(existsSync(join(disk, 'pieces', `${car.pieceCid}.car`))).toBe(true)
})

test('a piece that was agreed on, whose disk comes back while the provider starts, is not taken for an upload that nobody knows', async () => {
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  const disk = join(home.home, 'a')
  const { deals, files } = market.deals
  const agreement = { agreementId: `0x${'01'.repeat(32)}` as const, terms: termsOf(car, quote), epoch: 100 }
  deals.agree({ ...agreement, signature: new Uint8Array(96) }, uploadId)
  await rename(disk, `${disk}.gone`)
  expect(await files.placeAll()).toEqual([])
  await rename(`${disk}.gone`, disk)
  await files.recover()
  expect(await files.placeAll()).toEqual([car.pieceCid])
  expect((await readFile(files.piecePath(car.pieceCid))).equals(car.bytes)).toBe(true)
})

test('sent again, a piece is served from the disk that it was sent to, and the one before is a copy too many', async () => {
  const quote = await client.quote(car.pieceSize)
  const first = await client.upload(car.bytes, car, quote)
  expect((await client.agree(first, termsOf(car, quote))).status).toBe(201)
  const [a] = disks.volumes
  disks.volumes = [{ ...a!, roles: [] }, await volume('b')]
  await writeFile(market.deals.files.piecePath(car.pieceCid), 'damaged')
  const second = await client.upload(car.bytes, car, quote)
  expect((await client.agree(second, termsOf(car, quote, 1000, 2n))).status).toBe(201)
  expect(market.deals.files.piecePath(car.pieceCid)).toBe(join(home.home, 'b', 'pieces', `${car.pieceCid}.car`))
  expect(existsSync(join(home.home, 'a', 'pieces', `${car.pieceCid}.car`))).toBe(true)
})

test('pieces that are agreed on at once keep their own bytes', async () => {
  const cars = await Promise.all([1, 2, 3, 4].map(() => randomCar(20_000)))
  await Promise.all(
    cars.map(async (each, at) => {
      const quote = await client.quote(each.pieceSize)
      const uploadId = await client.upload(each.bytes, each, quote)
      expect((await client.agree(uploadId, termsOf(each, quote, 1000, BigInt(at + 1)))).status).toBe(201)
    }),
  )
  for (const { pieceCid, bytes } of cars)
    expect((await readFile(market.deals.files.piecePath(pieceCid))).equals(bytes)).toBe(true)
})
