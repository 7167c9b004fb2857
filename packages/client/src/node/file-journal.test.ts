import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { dealTermsDigest, dealTermsFromJson, quoteFromJson } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { genesisHash } from '../../test/chain-answers.ts'
import { opened } from '../../test/ports-contract.ts'
import { apply, type UploadEvent, type UploadState } from '../journal/upload-state.ts'
import { fileJournal } from './file-journal.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const { rootCid } = opened
const events: readonly UploadEvent[] = [
  opened,
  { type: 'slot:chosen', slot: 0, provider: 1 },
  { type: 'slot:chosen', slot: 0, provider: 2 },
  { type: 'slot:chosen', slot: 1, provider: 3 },
]
const stateAfter = (count: number) => events.slice(0, count).reduce<UploadState | undefined>(apply, undefined)

async function write(...written: readonly UploadEvent[]): Promise<string> {
  await using log = await fileJournal(folder).open(genesisHash, rootCid)
  for (const event of written) await log.append(event)
  return join(folder, readdirSync(folder)[0]!)
}

async function read(): Promise<UploadState | undefined> {
  await using log = await fileJournal(folder).open(genesisHash, rootCid)
  return log.state
}

test('a log is one file, for its owner alone', async () => {
  const path = await write(...events)
  expect(readdirSync(folder)).toEqual([`${genesisHash.slice(2)}-${rootCid}.log`])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await fileJournal(folder).list(genesisHash)).toEqual([stateAfter(4)])
})

test('a log is read alone, though another cannot be', async () => {
  await write(...events)
  mkdirSync(join(folder, `${genesisHash.slice(2)}-other.log`))
  await expect(fileJournal(folder).list(genesisHash)).rejects.toThrow('EISDIR')
  expect(await fileJournal(folder).read(genesisHash, rootCid)).toEqual(stateAfter(4))
})

test('what a kill has left beside a log is not one, and goes with the next beginning', async () => {
  const path = await write(opened)
  writeFileSync(`${path}.x.tmp`, 'half')
  expect(await fileJournal(folder).list(genesisHash)).toEqual([stateAfter(1)])
  await write(opened)
  expect(readdirSync(folder)).toHaveLength(1)
})

test('a log that is torn anywhere in its last line is what it was before that, and goes on', async () => {
  const path = await write(...events)
  const whole = readFileSync(path)
  const last = whole.lastIndexOf('\n', whole.length - 2) + 1
  for (let length = last; length < whole.length; length += 1) {
    writeFileSync(path, whole.subarray(0, length))
    expect(await read()).toEqual(stateAfter(3))
  }
  truncateSync(path, last + 20)
  await write(events[3]!)
  expect(await read()).toEqual(stateAfter(4))
  expect(readFileSync(path)).toEqual(whole)
})

test('a last line of which a block never came to the disk is torn, too', async () => {
  const path = await write(...events)
  const whole = readFileSync(path)
  writeFileSync(path, whole.fill(0, whole.length - 30, whole.length - 1))
  expect(await read()).toEqual(stateAfter(3))
  await write(...events)
  appendFileSync(path, Buffer.alloc(700))
  expect(await read()).toEqual(stateAfter(4))
})

test.each<[string, (lines: string[]) => string[]]>([
  ['a changed digit', ([first, second, ...rest]) => [first!, second!.replace('"provider":1', '"provider":9'), ...rest]],
  ['a missing line', (lines) => lines.toSpliced(1, 1)],
  ['two lines changed about', ([first, second, third, ...rest]) => [first!, third!, second!, ...rest]],
  ['a line said twice', ([first, second, ...rest]) => [first!, second!, second!, ...rest]],
  ['no beginning', (lines) => lines.slice(1)],
  ['a torn beginning', ([first]) => [first!.slice(0, -20)]],
  ['nothing in it', () => []],
])('a log with %s is refused by name', async (_what, damage) => {
  const path = await write(...events)
  writeFileSync(path, damage(readFileSync(path, 'utf8').split('\n')).join('\n'))
  expect(await fileJournal(folder).list(genesisHash)).toEqual([])
  const failure = await read().catch((error) => error)
  expect(failure.code).toBe('JOURNAL_INVALID')
  expect(failure.message).toContain(path)
})

test('a log begins anew after 256 events, with a snapshot', async () => {
  await using log = await fileJournal(folder).open(genesisHash, rootCid)
  await log.append(opened)
  const lines = () => readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8').split('\n').length - 1
  for (let count = 0; count < 256; count += 1) await log.append({ type: 'slot:chosen', slot: 0, provider: count })
  expect(lines()).toBe(257)
  await log.append({ type: 'slot:chosen', slot: 1, provider: 7 })
  expect(lines()).toBe(1)
  expect((await read())?.slots).toMatchObject([{ provider: 255 }, { provider: 7 }])
})

const recordText = readFileSync(new URL('../../test/put-record-v1.json', import.meta.url), 'utf8')
const record = JSON.parse(recordText)
const recordPath = () => join(folder, `${record.genesisHash.slice(2)}-${record.rootCid}.json`)

test('a record as a put has written it from the first version on is an upload of one slot, with all that it may have', async () => {
  writeFileSync(recordPath(), recordText)
  const journal = fileJournal(folder)
  expect(await journal.list(record.genesisHash)).toHaveLength(1)
  await using log = await journal.open(record.genesisHash, record.rootCid)
  const { rootCid, genesisHash, fileBytes, duration, pieceCid, payloadSize, pieceSize } = record
  const { provider, uploadUrl, terms, agreementId, providerSignature, dealId } = record
  const agreement = { provider, uploadUrl, terms, agreementId, providerSignature }
  expect(log.state).toEqual({
    ...{ genesisHash, rootCid, name: record.path, fileBytes, duration },
    pieces: [{ pieceCid, payloadSize, pieceSize }],
    slots: [{ piece: 0, copy: 0, state: 'active', ...agreement, dealId }],
  })
  expect(toHex(dealTermsDigest(genesisHash, dealTermsFromJson(terms)))).toBe(agreementId)
  expect(quoteFromJson(record.quote)).toMatchObject({ provider: 1000, total: 858_306_888_000n })
  // The first event makes a log of it.
  await log.append({ type: 'slot:unpublished', slot: 0 })
  expect(readdirSync(folder)).toEqual([`${genesisHash.slice(2)}-${rootCid}.log`])
  const [again] = await journal.list(genesisHash)
  expect(again?.slots).toMatchObject([{ state: 'agreed', ...agreement }])
})

test.each([
  ['nothing but its content', 'vacant', 0],
  ['a provider', 'chosen', 1],
  ['a quote', 'quoted', 2],
  ['an upload that may be whole', 'quoted', 3],
  ['terms that the provider may have signed', 'offered', 5],
  ['an agreement', 'agreed', 6],
  ['a deal', 'published', 7],
])('a record with %s is a slot that is %s', async (_what, state, steps) => {
  const order = ['provider', 'quote', 'uploadUrl', 'terms', 'agreementId', 'providerSignature', 'dealId']
  const left = Object.entries(record).filter(([name]) => order.indexOf(name) < steps)
  writeFileSync(recordPath(), JSON.stringify({ ...Object.fromEntries(left), active: false }))
  await using log = await fileJournal(folder).open(record.genesisHash, record.rootCid)
  expect(log.state?.slots).toMatchObject([{ state }])
})

test.each([
  ['cut off', (text: string) => text.slice(0, -20)],
  ['of a later version', (text: string) => text.replace('"schemaVersion": 1', '"schemaVersion": 2')],
  ['without its nonce', (text: string) => text.replace('"nonce"', '"once"')],
])('a record that is %s is refused by name', async (_what, damage) => {
  writeFileSync(recordPath(), damage(recordText))
  const journal = fileJournal(folder)
  expect(await journal.list(record.genesisHash)).toEqual([])
  const failure = await journal.open(record.genesisHash, record.rootCid).catch((error) => error)
  expect(failure.code).toBe('JOURNAL_INVALID')
  expect(failure.message).toContain(recordPath())
})
