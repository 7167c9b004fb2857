import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { createChainClient, type DealState, type DealView } from '@granary/protocol/client'
import { dealTermsDigest, dealTermsToJson } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { clientSigner, ownerSigner, pieceCid, someTerms } from '../../test/a-deal.ts'
import { genesisHash, serveChain, statusView } from '../../test/chain-answers.ts'
import type { PutRecord } from '../journal/put-record.ts'
import { fileJournal } from '../node/file-journal.ts'
import { systemRandom } from '../system-random.ts'
import { openRecord, type PutWanted } from './open-record.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-record-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const terms = someTerms({ rootCid, duration: 7_200 })
const agreementId = toHex(dealTermsDigest(genesisHash, terms))
const wanted: PutWanted = {
  path: '/f',
  rootCid,
  fileBytes: 1,
  pieceCid,
  pieceSize: 1024,
  payloadSize: 900,
  duration: undefined,
  durationDefault: 7_200,
  provider: undefined,
  again: false,
}

function deal(state: DealState): DealView {
  const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }
  return { id: 5, agreementId, terms: dealTermsToJson(terms), state, ...money, ...epochs }
}

interface Start {
  readonly earlier?: Partial<PutRecord>
  readonly changes?: Partial<PutWanted>
  readonly deals?: readonly DealView[]
  readonly height?: number
}

/** A first put, its record changed to what a kill has left, and the record that the second put starts with. */
async function openTwice(start: Start): Promise<{ first: PutRecord; second: PutRecord; kept: PutRecord | undefined }> {
  let deals: readonly DealView[] = []
  await using served = await serveChain(() => ({ deals }))
  const chain = createChainClient({ url: served.url })
  const journal = fileJournal(folder)
  const ports = { chain, account: clientSigner, journal, random: systemRandom }
  const first = { ...(await openRecord(ports, statusView, wanted, {})), ...start.earlier }
  await journal.write(first)
  deals = start.deals ?? []
  const status = { ...statusView, height: start.height ?? statusView.height }
  const second = await openRecord(ports, status, { ...wanted, ...start.changes }, {})
  return { first, second, kept: await journal.read(genesisHash, wanted.rootCid) }
}

const agreed = { provider: 1000, uploadUrl: 'http://p/v1/uploads/u', terms: dealTermsToJson(terms), agreementId }
const signed = { ...agreed, providerSignature: '0x00' } as const

test('a new put has a nonce of 64 bits, and it is in the journal', async () => {
  const { first, second, kept } = await openTwice({})
  expect(first.nonce).toMatch(/^\d{1,20}$/)
  expect(second).toEqual(first)
  expect(kept).toEqual(first)
  expect(first.duration).toBe(7_200)
})

test.each([
  ['the upload', { provider: 1000, uploadUrl: 'http://p/v1/uploads/u' }],
  ['the terms', agreed],
  ["the provider's signature", signed],
])('a put that was killed after %s goes on with it', async (_name, earlier) => {
  const { first, second } = await openTwice({ earlier })
  expect(second).toEqual(first)
})

test('a deal that the chain has is not published again', async () => {
  const { second, kept } = await openTwice({ earlier: signed, deals: [deal('published')] })
  expect(second.dealId).toBe(5)
  expect(kept?.dealId).toBe(5)
})

test('a deal that the chain has forgotten is published again under the same terms, while they hold', async () => {
  const { first, second, kept } = await openTwice({ earlier: { ...signed, dealId: 5, active: true } })
  expect(second).toEqual({ ...first, dealId: undefined, active: false })
  expect(kept?.dealId).toBeUndefined()
})

test('a deal that the chain has forgotten is made anew when its terms have run out', async () => {
  const earlier = { ...signed, dealId: 5, active: true }
  const { first, second } = await openTwice({ earlier, height: terms.validUntil })
  expect(second).toMatchObject({ active: false, pieceCid: first.pieceCid })
  expect([second.dealId, second.terms, second.providerSignature]).toEqual([undefined, undefined, undefined])
  expect(second.nonce).not.toBe(first.nonce)
})

test('a deal of the same piece under other terms is not taken for ours', async () => {
  const other = { ...deal('active'), agreementId: genesisHash }
  const { second } = await openTwice({ earlier: signed, deals: [other] })
  expect(second.dealId).toBeUndefined()
})

test('terms that have run out unpublished get a new nonce, and the upload stays', async () => {
  const { first, second } = await openTwice({ earlier: signed, height: terms.validUntil })
  expect(second.terms).toBeUndefined()
  expect(second.providerSignature).toBeUndefined()
  expect(second.uploadUrl).toBe(first.uploadUrl)
  expect(second.nonce).not.toBe(first.nonce)
})

test('terms that have run out but were published before are a deal', async () => {
  const { second } = await openTwice({ earlier: signed, height: terms.validUntil, deals: [deal('active')] })
  expect(second.dealId).toBe(5)
})

const done = { ...signed, dealId: 5, active: true }

test('a deal that the journal has lost is found on the chain, and not paid again', async () => {
  const { second, kept } = await openTwice({ deals: [{ ...deal('lapsed'), id: 4 }, deal('active')] })
  expect(second).toMatchObject({ dealId: 5, active: true, agreementId, provider: 1000, nonce: '7' })
  expect(kept).toEqual(second)
})

test("somebody else's deal of the same content is not ours", async () => {
  const theirs = dealTermsToJson(someTerms({ rootCid, duration: 7_200, client: ownerSigner.address }))
  const { second } = await openTwice({ deals: [{ ...deal('active'), terms: theirs }] })
  expect(second.dealId).toBeUndefined()
})

test('a duration that was asked for and came to nothing does not stick', async () => {
  const { second } = await openTwice({ earlier: { duration: 99, uploadUrl: 'http://p/v1/uploads/u' } })
  expect(second.duration).toBe(7_200)
  expect(second.uploadUrl).toBe('http://p/v1/uploads/u')
})

test.each<[string, Start]>([
  ['its deal has ended', { earlier: done, deals: [deal('expired')] }],
  ['its deal lapsed', { earlier: signed, deals: [deal('lapsed')] }],
  ['another provider is asked for', { earlier: signed, changes: { provider: 1001 }, deals: [deal('active')] }],
  ['another duration is asked for', { earlier: signed, changes: { duration: 60 }, deals: [deal('active')] }],
  ['another deal is wanted', { earlier: done, deals: [deal('active')], changes: { again: true } }],
])('a put starts anew when %s', async (_name, start) => {
  const { first, second } = await openTwice(start)
  expect(second.nonce).not.toBe(first.nonce)
  expect(second.uploadUrl).toBeUndefined()
  expect(second.active).toBe(false)
})

test.each<[string, Start]>([
  ['it is active', { earlier: done, deals: [deal('active')] }],
  ['the same provider is asked for', { earlier: signed, changes: { provider: 1000 } }],
  ['another deal is wanted and this one is not active yet', { earlier: signed, changes: { again: true } }],
])('a put goes on when %s', async (_name, start) => {
  const { first, second } = await openTwice(start)
  expect(second.nonce).toBe(first.nonce)
})

test('a provider that is named now is the one, where an earlier put had found none', async () => {
  const { second, kept } = await openTwice({ changes: { provider: 1005 } })
  expect(second.provider).toBe(1005)
  expect(kept).toEqual(second)
})

test('a provider that is not named now is still the one that has the upload', async () => {
  const { first, second } = await openTwice({ earlier: { provider: 1000, uploadUrl: 'http://p/v1/uploads/u' } })
  expect(second).toEqual(first)
})
