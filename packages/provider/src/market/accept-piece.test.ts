import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex } from '@granary/base'
import { carHeader, parseCid, pieceOf } from '@granary/content'
import { type DealTerms, dealTermsDigest, dealTermsFromJson, verifySigner } from '@granary/protocol/messages'
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { denies } from '../../test/denies.ts'
import {
  genesisHash,
  hex,
  only,
  randomCar,
  startMarket,
  type TestCar,
  TestClient,
  type TestMarket,
  temporaryHome,
  termsOf,
} from '../../test/market-kit.ts'
import { createAlerts } from '../alerts.ts'
import { endDeal } from '../deals/deal-ends.ts'
import { ASIDE_KEEP_MS, listAside, sweepAside } from '../storage/set-aside.ts'

let home: Awaited<ReturnType<typeof temporaryHome>>
let market: TestMarket
let client: TestClient
let car: TestCar

beforeAll(async () => {
  car = await randomCar(100_000)
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

async function uploaded(of: TestCar = car, bytes: Buffer = of.bytes) {
  const quote = await client.quote(of.pieceSize)
  return { uploadId: await client.upload(bytes, of, quote), quote, terms: termsOf(of, quote) }
}

async function restart(): Promise<void> {
  await market.crash()
  market = await startMarket(home.home)
  client = await new TestClient(market.url).logIn()
}

test('an upload whose bytes are what the terms say is signed for, and lies on disk as a piece', async () => {
  const { uploadId, terms } = await uploaded()
  const { status, body } = await client.agree(uploadId, terms)
  expect(status).toBe(201)
  const digest = dealTermsDigest(genesisHash, terms)
  expect(body.agreementId).toBe(hex(digest))
  expect(dealTermsFromJson(body.terms)).toEqual(terms)
  expect(verifySigner(digest, fromHex(body.signature))).toMatchObject({ type: 'session' })
  expect(await market.pieceFiles()).toEqual([`${car.pieceCid}.car`])
  expect(await market.stagedFiles()).toEqual([])
  const deal = await client.request('GET', `/v1/deals/${body.agreementId}`)
  expect(deal.body).toMatchObject({ state: 'agreed', dealId: null, timeline: [{ type: 'agreed', epoch: 100 }] })
})

test('the same terms get the same answer again, also after a restart and at the same moment', async () => {
  const { uploadId, terms } = await uploaded()
  const [first, beside] = await Promise.all([client.agree(uploadId, terms), client.agree(uploadId, terms)])
  expect([first.status, beside.status].toSorted()).toEqual([200, 201])
  expect(beside.body).toEqual(first.body)
  await restart()
  const again = await client.agree(uploadId, terms)
  expect(again.status).toBe(200)
  expect(again.body).toEqual(first.body)
})

test('the same terms are signed by the key that the daemon has by now', async () => {
  const { uploadId, terms } = await uploaded()
  const first = await client.agree(uploadId, terms)
  market.figures.daemonSeed += 1
  const { status, body } = await client.agree(uploadId, terms)
  expect(status).toBe(200)
  expect({ ...body, signature: '' }).toEqual({ ...first.body, signature: '' })
  const [before, after] = [first.body, body].map(({ signature }) => fromHex(signature))
  const signedBy = (signature: Uint8Array) => verifySigner(dealTermsDigest(genesisHash, terms), signature)
  expect(signedBy(after!)).toMatchObject({ type: 'session' })
  expect(signedBy(after!)).not.toEqual(signedBy(before!))
})

test('other terms under a nonce that was used are refused', async () => {
  const { uploadId, terms } = await uploaded()
  await client.agree(uploadId, terms)
  const { status, body } = await client.agree(uploadId, { ...terms, validUntil: terms.validUntil + 1 })
  expect(status).toBe(409)
  expect(body.error.code).toBe('NONCE_CONFLICT')
})

test('one flipped byte is refused with its block and place, and nothing of it is left', async () => {
  const bytes = Buffer.from(car.bytes)
  bytes[50_000]! ^= 1
  const { uploadId, terms } = await uploaded(car, bytes)
  const { status, body } = await client.agree(uploadId, terms)
  expect(status).toBe(422)
  expect(body.error).toMatchObject({ code: 'CAR_INVALID', details: { reason: 'hash', block: 0 } })
  await expectNothingLeft(terms.nonce)
})

test('a valid CAR of another piece than the terms name is refused', async () => {
  const other = await randomCar(100_000)
  const { uploadId, terms } = await uploaded(car, other.bytes)
  const { status, body } = await client.agree(uploadId, { ...terms, rootCid: other.rootCid })
  expect(status).toBe(422)
  expect(body.error).toMatchObject({
    code: 'PIECE_MISMATCH',
    details: { expected: car.pieceCid, actual: other.pieceCid },
  })
  await expectNothingLeft(terms.nonce)
})

test('terms of a larger piece than the bytes make are refused, though its price was quoted', async () => {
  const quote = await client.quote(car.pieceSize * 2)
  const uploadId = await client.upload(car.bytes, { ...car, pieceSize: quote.pieceSize }, quote)
  const terms = termsOf({ ...car, pieceSize: quote.pieceSize }, quote)
  const { status, body } = await client.agree(uploadId, terms)
  expect(status).toBe(422)
  expect(body.error).toMatchObject({
    code: 'PIECE_MISMATCH',
    details: { actual: car.pieceSize, expected: quote.pieceSize },
  })
  await expectNothingLeft(terms.nonce)
})

test('terms of another size than the upload are refused unread, and the upload stays for the right ones', async () => {
  const { uploadId, terms } = await uploaded()
  const { status, body } = await client.agree(uploadId, { ...terms, payloadSize: terms.payloadSize - 1, nonce: 2n })
  expect([status, body.error.code, body.error.details.what]).toEqual([422, 'PIECE_MISMATCH', 'the size of the upload'])
  expect((await client.agree(uploadId, terms)).status).toBe(201)
})

test('what its owner does not serve is refused before bytes of it are sent, and again at the agreement', async () => {
  const { uploadId, terms } = await uploaded()
  market.figures.denylists = [denies(car.rootCid)]
  const { status, body } = await client.agree(uploadId, terms)
  expect([status, body.error.code]).toEqual([410, 'CONTENT_DENIED'])
  const quote = await client.quote(car.pieceSize)
  await expect(client.upload(car.bytes, car, quote)).rejects.toThrow('CONTENT_DENIED')
  expect(await market.stagedFiles()).toEqual([uploadId])
})

test('terms that name another root than the CAR are refused', async () => {
  const other = await randomCar(10)
  const { uploadId, terms } = await uploaded()
  const { status, body } = await client.agree(uploadId, { ...terms, rootCid: other.rootCid })
  expect(status).toBe(422)
  expect(body.error.code).toBe('CAR_ROOT_MISMATCH')
  await expectNothingLeft(terms.nonce)
})

test('a CAR without a block is refused: it would be a deal for nothing', async () => {
  const rootCid = 'bafkreifj2mmuez3avv7ldqxs6shgodn5mi2qienf34qwxw7ahizaoebiae'
  // Named five times, so that the piece is as large as this provider asks for.
  const bytes = Buffer.from(carHeader(Array.from({ length: 5 }, () => parseCid(rootCid))))
  const { uploadId, terms } = await uploaded({ bytes, rootCid, ...(await pieceOf(only(bytes))) })
  const { status, body } = await client.agree(uploadId, terms)
  expect([status, body.error.code, body.error.details.reason]).toEqual([422, 'CAR_INVALID', 'empty'])
  await expectNothingLeft(terms.nonce)
})

test('bytes that are no CAR are taken when no root is named', async () => {
  const bytes = Buffer.from('just some bytes, not a CAR. '.repeat(40))
  const piece = await pieceOf(only(bytes))
  const plain: TestCar = { bytes, rootCid: 'unused', ...piece }
  const quote = await client.quote(piece.pieceSize)
  const uploadId = await client.upload(bytes, plain, quote)
  const { rootCid: _, ...terms } = termsOf(plain, quote)
  const { status, body } = await client.agree(uploadId, terms)
  expect([status, body.terms.rootCid]).toEqual([201, undefined])
})

test.each([
  ['TERMS_PROVIDER_MISMATCH', { provider: 1001 }],
  ['TERMS_EXPIRED', { validUntil: 100 }],
  ['TERMS_VALID_TOO_LONG', { validUntil: 100 + 7200 + 1 }],
  // As far as its owner takes standing orders, and the hour that an offer holds.
  ['TERMS_EXTENSION_TOO_LONG', { extendableUntil: 100 + 7200 + 1_000_000 + 1 }],
  ['TERMS_NOT_QUOTED', { pricePerEpoch: 0n }],
  ['TERMS_NOT_QUOTED', { providerCollateral: 0n }],
  ['TERMS_NOT_QUOTED', { duration: 100_000 }],
  ['TERMS_NOT_QUOTED', { activateWithin: 1_000_000 }],
])('%s: terms with %j are refused, and the upload may still be agreed on', async (code, change) => {
  const { uploadId, terms } = await uploaded()
  const refused = await client.agree(uploadId, { ...terms, ...change })
  expect([refused.status, refused.body.error.code]).toEqual([422, code])
  const { validUntil, extendableUntil: until = validUntil } = change as Partial<DealTerms>
  if (until !== undefined)
    expect(refused.body.error.message).toMatch(
      new RegExp(String.raw`until 2023-\d\d-\d\d \d\d:\d\d UTC \(epoch ${until}\)`),
    )
  expect((await client.agree(uploadId, terms)).status).toBe(201)
})

test('a quote that ran out during the upload can be had again', async () => {
  const { uploadId, terms, quote } = await uploaded()
  market.figures.height = quote.validUntil + 1
  const later = { ...terms, validUntil: quote.validUntil + 100 }
  expect((await client.agree(uploadId, later)).body.error.code).toBe('TERMS_NOT_QUOTED')
  await client.quote(car.pieceSize)
  expect((await client.agree(uploadId, later)).status).toBe(201)
})

test('a client without the money is told how much is missing', async () => {
  const { uploadId, terms } = await uploaded()
  const needed = terms.pricePerEpoch * BigInt(terms.duration) + 1000n
  market.figures.balance = needed - 1n
  const { status, body } = await client.agree(uploadId, terms)
  expect(status).toBe(402)
  expect(body.error).toMatchObject({ code: 'CLIENT_FUNDS_INSUFFICIENT', details: { needed: String(needed) } })
  market.figures.balance = needed
  expect((await client.agree(uploadId, terms)).status).toBe(201)
})

test('collateral that is promised to one offer is not promised again', async () => {
  const { uploadId, terms } = await uploaded()
  const second = await uploaded(await randomCar(100_000))
  market.figures.freeCollateral = terms.providerCollateral
  expect((await client.agree(uploadId, terms)).status).toBe(201)
  // Nor is it quoted for; the second was, before the first was agreed on.
  await expect(client.quote(car.pieceSize)).rejects.toThrow('COLLATERAL_SHORT')
  const { status, body } = await client.agree(second.uploadId, { ...second.terms, nonce: 2n })
  expect([status, body.error.code]).toEqual([507, 'COLLATERAL_SHORT'])
})

test('collateral is kept for an upload that is open, and not for a quote that nobody uploads for', async () => {
  const quote = await client.quote(car.pieceSize)
  const unused = await client.quote(car.pieceSize)
  market.figures.freeCollateral = quote.providerCollateral
  const uploadId = await client.upload(car.bytes, car, quote)
  await expect(client.quote(car.pieceSize)).rejects.toThrow('COLLATERAL_SHORT')
  const other = await randomCar(100_000)
  await expect(client.upload(other.bytes, other, unused)).rejects.toThrow('COLLATERAL_SHORT')
  expect((await client.agree(uploadId, termsOf(car, quote))).status).toBe(201)
})

test('an upload that is not whole is refused with its offset', async () => {
  const quote = await client.quote(car.pieceSize)
  const uploadId = await client.upload(car.bytes, car, quote)
  await writeFile(join(market.folders.staging, uploadId), car.bytes.subarray(0, 1000))
  const { status, body } = await client.agree(uploadId, termsOf(car, quote))
  expect(status).toBe(409)
  expect(body.error).toMatchObject({ code: 'UPLOAD_INCOMPLETE', details: { offset: 1000, size: car.bytes.length } })
})

test('nobody agrees on the upload of another, or in the name of another', async () => {
  const { uploadId, terms } = await uploaded()
  const thief = await new TestClient(market.url, { key: 2 }).logIn()
  expect((await thief.agree(uploadId, terms)).body.error.code).toBe('TERMS_CLIENT_MISMATCH')
  const own = { ...terms, client: thief.signer.address }
  await thief.quote(car.pieceSize)
  expect((await thief.agree(uploadId, own)).body.error.code).toBe('UPLOAD_NOT_FOUND')
  const anonymous = await new TestClient(market.url).agree(uploadId, terms)
  expect([anonymous.status, anonymous.body.error.code]).toEqual([401, 'TOKEN_INVALID'])
})

test('two deals over the same piece share its file, which goes with the last of them', async () => {
  const first = await uploaded()
  const a = await client.agree(first.uploadId, first.terms)
  const second = await uploaded()
  const b = await client.agree(second.uploadId, { ...second.terms, nonce: 2n })
  expect([a.status, b.status]).toEqual([201, 201])
  expect(await market.pieceFiles()).toEqual([`${car.pieceCid}.car`])
  expect(await market.stagedFiles()).toEqual([])

  const removed: string[] = []
  const removePiece = async (pieceCid: string): Promise<void> => void removed.push(pieceCid)
  const { deals, files } = market.deals
  await endDeal({ deals, files, removePiece }, a.body.agreementId, 'offer-expired', { epoch: 5 })
  expect([await market.pieceFiles(), removed]).toEqual([[`${car.pieceCid}.car`], []])
  await endDeal({ deals, files, removePiece }, b.body.agreementId, 'offer-expired', { epoch: 6 })
  expect([await market.pieceFiles(), removed]).toEqual([[], [car.pieceCid]])
})

test('a kill between the agreement and the moving of its file is made good at the start', async () => {
  const { uploadId, terms } = await uploaded()
  const agreement = { agreementId: hex(dealTermsDigest(genesisHash, terms)) as `0x${string}`, terms, epoch: 100 }
  market.deals.deals.agree({ ...agreement, signature: new Uint8Array(96) }, uploadId)
  expect(await market.stagedFiles()).toEqual([uploadId])
  await restart()
  expect([await market.stagedFiles(), await market.pieceFiles()]).toEqual([[], [`${car.pieceCid}.car`]])
  expect((await client.agree(uploadId, terms)).status).toBe(200)
})

test.each([
  ['lost', async (path: string) => rm(path)],
  ['changed', async (path: string) => writeFile(path, Buffer.from(car.bytes).fill(0, 500, 501))],
])("a piece whose file was %s takes the client's next good copy", async (_, harm) => {
  const first = await uploaded()
  expect((await client.agree(first.uploadId, first.terms)).status).toBe(201)
  const path = market.deals.files.piecePath(car.pieceCid)
  await harm(path)
  const second = await uploaded()
  expect((await client.agree(second.uploadId, { ...second.terms, nonce: 2n })).status).toBe(201)
  expect((await readFile(path)).equals(car.bytes)).toBe(true)
  expect(await market.stagedFiles()).toEqual([])
})

test('files that the database does not know are set aside at the start, and kept', async () => {
  await writeFile(join(market.folders.staging, 'f'.repeat(32)), 'lost')
  await writeFile(join(market.folders.pieces, 'baga.car'), 'lost')
  await restart()
  expect([await market.stagedFiles(), await market.pieceFiles()]).toEqual([['aside'], ['aside']])
  const [piece] = await listAside(market.folders.pieces)
  expect([piece?.name, await readFile(piece!.path, 'utf8')]).toEqual(['baga.car', 'lost'])
  const listed = createAlerts(() => {})
  const aMonthLessASecond = piece!.atMs + ASIDE_KEEP_MS - 1_000
  await sweepAside([market.folders.pieces], listed, aMonthLessASecond)
  expect(listed.list()).toMatchObject([{ code: 'SET_ASIDE', subject: piece!.path }])
  await sweepAside([market.folders.pieces], listed, aMonthLessASecond + 2_000)
  expect([listed.list(), await market.pieceFiles()]).toEqual([[], []])
})

async function expectNothingLeft(nonce: bigint): Promise<void> {
  expect([await market.stagedFiles(), await market.pieceFiles()]).toEqual([[], []])
  expect(market.deals.deals.findByNonce(client.signer.address, nonce)).toBeUndefined()
  expect(market.deals.uploads.all()).toEqual([])
  expect(market.deals.deals.offered()).toEqual({ bytes: 0, collateral: 0n })
}
