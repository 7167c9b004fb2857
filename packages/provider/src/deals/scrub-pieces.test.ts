/** What the scrub concludes, of real files and a real store. That replicas give the bytes back is damaged-pieces.slow.test.ts's. */
import { execFileSync } from 'node:child_process'
import { constants, renameSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  PROVIDER_ID,
  randomCar,
  startMarket,
  type TestCar,
  type TestMarket,
  temporaryHome,
  termsOf,
} from '../../test/market-kit.ts'
import { createAlerts } from '../alerts.ts'
import { createPieceScrub, type PieceScrub, type ScrubContext } from './scrub-pieces.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let market: TestMarket
let scrub: PieceScrub | undefined
let car: TestCar
let logged: { readonly type: string; readonly code?: unknown }[]

beforeEach(async () => {
  root = await temporaryHome()
  market = await startMarket(root.home)
  car = await randomCar(5_000)
  logged = []
})
afterEach(async () => {
  await scrub?.stop()
  await market.crash()
  await root.remove()
})

const UPLOAD = 'upload'

/** Its agreement is written down, and its bytes lie in staging. */
async function agreed(stored = car, upload = UPLOAD): Promise<void> {
  const quote = {
    ...{ quoteId: 'q', client: `0x${'22'.repeat(20)}` as const, provider: PROVIDER_ID, pieceSize: stored.pieceSize },
    ...{ duration: 200, pricePerEpoch: 1n, providerCollateral: 1n, activateWithin: 10, validUntil: 1_000 },
    ...{ total: 200n, networkFee: 0n },
  }
  const terms = termsOf(stored, quote, 1_000, BigInt(upload.length))
  const { deals, files } = market.deals
  await writeFile(files.stagingPath(upload), stored.bytes)
  const agreementId = `0x${Buffer.from(upload).toString('hex').padStart(64, '3')}` as const
  deals.agree({ agreementId, terms, signature: new Uint8Array(64), epoch: 1 }, upload)
}

/** Of the right size: nothing but the round finds it. */
function flipped(): Buffer {
  const bytes = Buffer.from(car.bytes)
  bytes[700] = bytes[700]! ^ 1
  return bytes
}

function start(changes: Partial<ScrubContext>): PieceScrub {
  const { deals, files } = market.deals
  const created = createPieceScrub({
    ...{ deals, files },
    alerts: createAlerts((event) => logged.push(event)),
    log: (event) => logged.push(event),
    onSound: () => {},
    unseal: async (_pieceCid, out) => writeFile(out, car.bytes),
    pauses: { roundMs: 60_000, retryMs: 100, rest: 0 },
    ...changes,
  })
  scrub = created
  created.start()
  return created
}

async function until(type: string): Promise<void> {
  while (!logged.some((event) => event.type === type)) await new Promise((resolve) => setTimeout(resolve, 20))
}

test('a piece that gets to its place while it is looked at is not damaged', async () => {
  await agreed()
  const { deals, files } = market.deals
  const { promise: judged, resolve } = Promise.withResolvers<void>()
  let opened = 0
  // Its size is asked for at the start, and which disk it is on; by the time it is read, it has been moved, and the reading came too early.
  const piecePath = (pieceCid: string): string => {
    const path = files.piecePath(pieceCid)
    opened += 1
    if (opened <= 2) return path
    renameSync(files.stagingPath(UPLOAD), path)
    deals.pieceMoved(pieceCid)
    return `${path}.not-yet`
  }
  const stagedPieces = (): ReturnType<typeof deals.stagedPieces> => {
    setImmediate(resolve)
    return deals.stagedPieces()
  }
  const created = start({ deals: { ...deals, stagedPieces }, files: { ...files, piecePath } })
  await judged
  await created.stop()
  expect(logged).toEqual([])
})

test('a piece whose disk did not answer is not damaged, and is looked at again', async () => {
  await agreed()
  const { files } = market.deals
  await files.place(car.pieceCid)
  let isSilent = true
  let looks = 0
  const piecePath = (pieceCid: string): string => {
    looks += 1
    return isSilent ? `${root.home}/silent/piece` : files.piecePath(pieceCid)
  }
  const created = start({ files: { ...files, piecePath, isSilent: () => isSilent } })
  expect(await created.secure([car.pieceCid])).toBe(false)
  isSilent = false
  const before = looks
  while (looks === before) await new Promise(setImmediate)
  expect(await created.secure([car.pieceCid])).toBe(true)
  expect(logged).toEqual([])
})

test('a disk that hangs keeps no piece on another from being looked at, and does not hold up the end', async () => {
  await agreed()
  const [other, upload] = [await randomCar(5_000), 'another']
  await agreed(other, upload)
  const { files } = market.deals
  await files.place(car.pieceCid)
  await files.place(other.pieceCid)
  await writeFile(files.piecePath(car.pieceCid), flipped())
  const hung = join(root.home, 'disk', 'piece')
  await mkdir(dirname(hung))
  execFileSync('mkfifo', [hung])
  const piecePath = (pieceCid: string): string => (pieceCid === other.pieceCid ? hung : files.piecePath(pieceCid))
  const created = start({ files: { ...files, piecePath } })
  created.suspect(other.pieceCid)
  await until('piece:repaired')
  await created.stop()
  expect(logged.map(({ type }) => type)).toEqual(['alert', 'alert:over', 'piece:repaired'])
  // Ends what reads there.
  await (await open(hung, constants.O_RDWR)).close()
})

test('a repair that was broken off is tried again, and its alert ends', async () => {
  await agreed()
  const { files } = market.deals
  await files.place(car.pieceCid)
  await writeFile(files.piecePath(car.pieceCid), flipped())
  let tries = 0
  start({
    unseal: async (_pieceCid, out) => {
      tries += 1
      if (tries === 1) throw new DOMException('the queue is stopping', 'AbortError')
      await writeFile(out, car.bytes)
    },
  })
  await until('piece:repaired')
  expect(tries).toBe(2)
  expect(logged.map(({ type }) => type)).toEqual(['alert', 'alert:over', 'piece:repaired'])
})

test('a look that the store did not answer is taken again', async () => {
  await agreed()
  const { deals, files } = market.deals
  await files.place(car.pieceCid)
  await writeFile(files.piecePath(car.pieceCid), flipped())
  let asked = 0
  const hasPiece = (pieceCid: string): boolean => {
    asked += 1
    if (asked === 1) throw new Error('disk I/O error')
    return deals.hasPiece(pieceCid)
  }
  start({ deals: { ...deals, hasPiece } })
  await until('piece:repaired')
  expect(logged.map(({ type }) => type)).toEqual(['piece:scrub-failed', 'alert', 'alert:over', 'piece:repaired'])
})

test('a piece that somebody looked for elsewhere, and that is sound where it lies, is served from there', async () => {
  await agreed()
  await market.deals.files.place(car.pieceCid)
  const { promise: sound, resolve: onSound } = Promise.withResolvers<string>()
  // As a gateway does whose index names a volume that was let go.
  start({ onSound }).damaged(car.pieceCid)
  expect(await sound).toBe(car.pieceCid)
  expect(logged).toEqual([])
})
