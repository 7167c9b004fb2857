import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { type ChainStatus, createChainClient, type DealState, type DealView } from '@granary/protocol/client'
import { dealTermsDigest, dealTermsToJson, quoteToJson } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { aQuote, clientSigner, ownerSigner, pieceCid, someTerms } from '../../test/a-deal.ts'
import { genesisHash, serveChain, statusView } from '../../test/chain-answers.ts'
import { apply, type Slot, type UploadEvent, type UploadState } from '../journal/upload-state.ts'
import { fileJournal } from '../node/file-journal.ts'
import { eventsAtStart, isOver, type UploadWanted } from './events-at-start.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-record-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const terms = someTerms({ rootCid, duration: 7_200 })
const agreementId = toHex(dealTermsDigest(genesisHash, terms))
const reckoned = { order: { until: 0, from: 0 }, feesPerDeal: 7n, dealFees: new Map() }
const quote = quoteToJson(aQuote({ duration: 7_200 }))
const wanted: UploadWanted = {
  name: '/f',
  rootCid,
  fileBytes: 1,
  pieces: [{ pieceSize: 1024, payloadSize: 900 }],
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
  /** What an earlier run has said after it opened the upload. */
  readonly earlier?: readonly UploadEvent[]
  /** What that run waited for. */
  readonly until?: 'published' | 'active'
  readonly changes?: Partial<UploadWanted>
  readonly deals?: readonly DealView[]
  readonly height?: number
}

/** A first put, what it did before a kill, and the upload that the second put starts with. */
async function openTwice({
  earlier = [],
  until,
  ...start
}: Start): Promise<{ first: UploadState; second: UploadState; kept: unknown }> {
  let deals: readonly DealView[] = []
  await using served = await serveChain(() => ({ deals }))
  const chain = createChainClient({ url: served.url })
  const journal = fileJournal(folder)
  const open = async (
    status: ChainStatus,
    now: UploadWanted,
    events: readonly UploadEvent[] = [],
  ): Promise<UploadState> => {
    await using log = await journal.open(genesisHash, rootCid)
    const found = await Array.fromAsync(chain.deals({ client: clientSigner.address }))
    const start = { genesisHash, height: status.height, deals: found, wanted: now, reckoned }
    for (const event of eventsAtStart(log.state, start)) await log.append(event)
    for (const event of events) await log.append(event)
    return log.state!
  }
  const first = await open(statusView, { ...wanted, until }, earlier)
  deals = start.deals ?? []
  const status = { ...statusView, height: start.height ?? statusView.height }
  const second = await open(status, { ...wanted, ...start.changes })
  await using log = await journal.open(genesisHash, rootCid)
  return { first, second, kept: log.state }
}

const uploadUrl = 'http://p/v1/uploads/u'
const uploaded: readonly UploadEvent[] = [
  { type: 'slot:chosen', slot: 0, provider: 1000 },
  { type: 'slot:quoted', slot: 0, quote },
  { type: 'slot:upload-opened', slot: 0, uploadUrl },
  { type: 'slot:uploaded', slot: 0 },
  { type: 'piece:named', piece: 0, pieceCid },
]
const agreed: readonly UploadEvent[] = [
  ...uploaded,
  { type: 'slot:offered', slot: 0, terms: dealTermsToJson(terms), agreementId },
]
const signed: readonly UploadEvent[] = [...agreed, { type: 'slot:agreed', slot: 0, providerSignature: '0x00' }]
const published: readonly UploadEvent[] = [...signed, { type: 'slot:published', slot: 0, dealId: 5 }]
const done: readonly UploadEvent[] = [...published, { type: 'slot:active', slot: 0 }]
const slotOf = ({ slots }: UploadState) => slots[0]!

test('a new upload is in the journal, with the duration that is usual', async () => {
  const { first, second, kept } = await openTwice({})
  expect(second).toEqual(first)
  expect(kept).toEqual(first)
  expect(first).toMatchObject({ duration: 7_200, slots: [{ state: 'vacant' }] })
})

test.each([
  ['the upload', uploaded],
  ['the terms', agreed],
  ["the provider's signature", signed],
])('a put that was killed after %s goes on with it', async (_name, earlier) => {
  const { first, second } = await openTwice({ earlier })
  expect(second).toEqual(first)
})

test('a deal that the chain has is not published again', async () => {
  const { second, kept } = await openTwice({ earlier: signed, deals: [deal('published')] })
  expect(slotOf(second)).toMatchObject({ state: 'published', dealId: 5 })
  expect(kept).toEqual(second)
})

test('a deal whose terms were offered, and that the chain has, is not made again', async () => {
  const { second } = await openTwice({ earlier: agreed, deals: [deal('active')] })
  expect(slotOf(second)).toMatchObject({ state: 'published', dealId: 5 })
})

test('a deal that the chain has forgotten is published again under the same terms, while they hold', async () => {
  const { first, second, kept } = await openTwice({ earlier: done })
  const { terms, agreementId, providerSignature } = slotOf(first) as Extract<Slot, { state: 'active' }>
  expect(slotOf(second)).toMatchObject({ state: 'agreed', terms, agreementId, providerSignature })
  expect(kept).toEqual(second)
})

test('a deal that the chain has forgotten is made anew when its terms have run out', async () => {
  const { first, second } = await openTwice({ earlier: done, height: terms.validUntil })
  expect(second.pieces).toEqual(first.pieces)
  expect(slotOf(second)).toEqual({ piece: 0, copy: 0, state: 'chosen', provider: 1000, uploadUrl })
})

test('a deal that was found on the chain and is forgotten is made anew: nobody here has its signature', async () => {
  const adopted = { provider: 1000, terms: dealTermsToJson(terms), agreementId, dealId: 5, active: true }
  const { second } = await openTwice({ earlier: [{ type: 'slot:adopted', slot: 0, ...adopted }] })
  expect(slotOf(second)).toMatchObject({ state: 'chosen', provider: 1000 })
})

test('a deal of the same piece under other terms is not taken for ours', async () => {
  const other = { ...deal('active'), agreementId: genesisHash }
  const { second } = await openTwice({ earlier: signed, deals: [other] })
  expect(slotOf(second).state).toBe('agreed')
})

test('terms that have run out unpublished are made anew, and the upload stays', async () => {
  const { second } = await openTwice({ earlier: signed, height: terms.validUntil })
  expect(slotOf(second)).toEqual({ piece: 0, copy: 0, state: 'chosen', provider: 1000, uploadUrl })
})

test('terms that have run out but were published before are a deal', async () => {
  const { second } = await openTwice({ earlier: signed, height: terms.validUntil, deals: [deal('active')] })
  expect(slotOf(second)).toMatchObject({ state: 'published', dealId: 5 })
})

test('a deal that has another number after the chain was rolled back is followed under that', async () => {
  const { second } = await openTwice({ earlier: done, deals: [{ ...deal('published'), id: 4 }] })
  expect(slotOf(second)).toMatchObject({ state: 'published', dealId: 4 })
})

test('a deal that the journal has lost is found on the chain, and not paid again', async () => {
  const { second, kept } = await openTwice({ deals: [{ ...deal('lapsed'), id: 4 }, deal('active')] })
  expect(slotOf(second)).toMatchObject({ state: 'active', dealId: 5, agreementId, provider: 1000 })
  expect(second.pieces).toMatchObject([{ pieceCid }])
  expect(kept).toEqual(second)
})

test("somebody else's deal of the same content is not ours", async () => {
  const theirs = dealTermsToJson(someTerms({ rootCid, duration: 7_200, client: ownerSigner.address }))
  const { second } = await openTwice({ deals: [{ ...deal('active'), terms: theirs }] })
  expect(slotOf(second).state).toBe('vacant')
})

test('a duration that was asked for and came to nothing does not stick', async () => {
  const { second } = await openTwice({ earlier: [...uploaded, { type: 'duration:changed', duration: 99 }] })
  expect(second.duration).toBe(7_200)
  expect(slotOf(second)).toMatchObject({ uploadUrl })
})

test.each<[string, Start]>([
  ['its deal has ended', { earlier: done, deals: [deal('expired')] }],
  ['its deal lapsed', { earlier: signed, deals: [deal('lapsed')] }],
  ['another provider is asked for', { earlier: signed, changes: { provider: 1001 }, deals: [deal('active')] }],
  ['another duration is asked for', { earlier: signed, changes: { duration: 60 }, deals: [deal('active')] }],
  ['another deal is wanted', { earlier: done, deals: [deal('active')], changes: { again: true } }],
  [
    'another deal is wanted, and one that was not waited for runs',
    { earlier: published, until: 'published', deals: [deal('active')], changes: { again: true } },
  ],
  ['it is cut into other pieces', { earlier: signed, changes: { pieces: [{ pieceSize: 512, payloadSize: 500 }] } }],
])('a put starts anew when %s', async (_name, start) => {
  const { second } = await openTwice(start)
  expect(slotOf(second)).toEqual({ piece: 0, copy: 0, state: 'vacant' })
})

test.each<[string, Start]>([
  ['it is active', { earlier: done, deals: [deal('active')] }],
  ['the same provider is asked for', { earlier: signed, changes: { provider: 1000 } }],
  ['another deal is wanted and this one is not active yet', { earlier: signed, changes: { again: true } }],
  [
    'another deal was wanted, and was still waited for',
    { earlier: published, until: 'active', deals: [deal('active')], changes: { again: true, until: 'active' } },
  ],
  [
    'another deal was wanted, and nobody said what is waited for',
    { earlier: published, deals: [deal('active')], changes: { again: true } },
  ],
  [
    'another deal that is not waited for was not written down as published yet',
    { earlier: signed, until: 'published', deals: [], changes: { again: true, until: 'published' } },
  ],
])('a put goes on when %s', async (_name, start) => {
  const { first, second } = await openTwice(start)
  expect(second).toEqual(first)
})

test.each(['published', 'active'] as const)(
  'another deal that the chain has, and whose put until %s was killed before it knew, is the one that is wanted',
  async (until) => {
    const changes = { again: true, until }
    const { second } = await openTwice({ earlier: signed, until, deals: [deal('active')], changes })
    expect(slotOf(second)).toMatchObject({ state: 'published', dealId: 5, agreementId })
  },
)

test('what is waited for is what the last run of it waited for', async () => {
  const again = { again: true, until: 'active' } as const
  const { second } = await openTwice({ earlier: signed, until: 'published', changes: again })
  expect(second.until).toBe('active')
  // Begun by a put that did not wait, gone on with by one that does, and killed while it waited.
  await using log = await fileJournal(folder).open(genesisHash, rootCid)
  await log.append({ type: 'slot:published', slot: 0, dealId: 5 })
  const start = { genesisHash, height: 100, deals: [deal('active')], wanted: { ...wanted, ...again }, reckoned }
  expect(eventsAtStart(log.state, start)).toEqual([])
})

test('a provider that is not named now is still the one that has the upload', async () => {
  const { first, second } = await openTwice({ earlier: uploaded })
  expect(second).toEqual(first)
})

test.each<[DealState, string]>([
  ['lapsed', '7'],
  ['terminated', `${BigInt(terms.duration) * terms.pricePerEpoch + 7n}`],
])('what a deal has cost that is found %s is not forgotten', (state, lost) => {
  const places = [{ piece: 0, copy: 0 }]
  const opened = { ...wanted, type: 'opened', genesisHash, duration: 7_200, places } as const
  // The price was agreed to before the deal was made.
  const log = [opened, { type: 'price:agreed', maxPrice: '99' } as const, ...published].reduce<UploadState | undefined>(
    apply,
    undefined,
  )
  const events = eventsAtStart(log, { genesisHash, height: 100, deals: [deal(state)], wanted, reckoned })
  expect(events).toEqual([{ type: 'slot:vacated', slot: 0, lost }])
  expect(events.reduce(apply, log!).spending?.lost).toBe(lost)
})

test.each<[boolean, string, Omit<Start, 'height'>]>([
  [false, 'is active', { earlier: done, deals: [deal('terminated')] }],
  [false, 'is active by now', { earlier: published, deals: [deal('active')] }],
  [false, 'has run to its end', { earlier: published, deals: [deal('expired')] }],
  [false, 'was not to be waited for', { earlier: published, until: 'published', deals: [deal('lapsed')] }],
  [true, 'has lapsed while it was waited for', { earlier: published, deals: [deal('lapsed')] }],
  [true, 'is waited for', { earlier: published, deals: [deal('published')] }],
  [true, 'is not made', { earlier: signed, until: 'published' }],
])('an upload is interrupted: %s, when its deal %s', async (isInterrupted, _name, { earlier, until, deals = [] }) => {
  const { first } = await openTwice(until === undefined ? { earlier: earlier! } : { earlier: earlier!, until })
  expect(isOver(first, { deals, skipped: new Set() })).toBe(!isInterrupted)
  expect(isOver(first, { deals, skipped: new Set([0]) })).toBe(true)
})
