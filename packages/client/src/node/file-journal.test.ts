import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { dealTermsDigest, dealTermsFromJson, quoteFromJson } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { genesisHash } from '../../test/chain-answers.ts'
import { record } from '../../test/ports-contract.ts'
import type { PutRecord } from '../journal/put-record.ts'
import { fileJournal } from './file-journal.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('what is written is read again, by chain and root', async () => {
  const journal = fileJournal(join(folder, 'journal'))
  expect(await journal.list(genesisHash)).toEqual([])
  await journal.write(record)
  await journal.write({ ...record, dealId: 1 })
  expect(await journal.read(genesisHash, record.rootCid)).toEqual({ ...record, dealId: 1 })
  expect(await journal.read(`0x${'cd'.repeat(32)}`, record.rootCid)).toBeUndefined()
  expect(await journal.list(genesisHash)).toEqual([{ ...record, dealId: 1 }])
  expect(readdirSync(join(folder, 'journal'))).toHaveLength(1)
})

test('what a kill has left beside a record is not one', async () => {
  const journal = fileJournal(folder)
  await journal.write(record)
  const [name] = readdirSync(folder)
  writeFileSync(join(folder, `${name}.tmp`), '{"schemaVersion":')
  expect(await journal.list(genesisHash)).toEqual([record])
  await journal.write(record)
  expect(readdirSync(folder)).toEqual([name])
})

test.each([
  ['cut off', (text: string) => text.slice(0, -20)],
  ['of a later version', (text: string) => text.replace('"schemaVersion": 1', '"schemaVersion": 2')],
  ['without its nonce', (text: string) => text.replace('"nonce"', '"once"')],
])('a record that is %s is refused by name', async (_what, damage) => {
  const journal = fileJournal(folder)
  await journal.write(record)
  const path = join(folder, readdirSync(folder)[0]!)
  writeFileSync(path, damage(readFileSync(path, 'utf8')))
  await journal.write({ ...record, rootCid: `${record.rootCid}x` })
  expect(await journal.list(genesisHash)).toHaveLength(1)
  const failure = await journal.read(genesisHash, record.rootCid).catch((error) => error)
  expect(failure.code).toBe('JOURNAL_INVALID')
  expect(failure.message).toContain(path)
})

test('a record as a put has written it from the first version on is read, with all that it may have', async () => {
  const text = readFileSync(new URL('../../test/put-record-v1.json', import.meta.url), 'utf8')
  const { genesisHash: chain, rootCid, agreementId } = JSON.parse(text) as PutRecord
  writeFileSync(join(folder, `${chain.slice(2)}-${rootCid}.json`), text)
  const read = await fileJournal(folder).read(chain, rootCid)
  expect(read).toEqual(JSON.parse(text))
  expect(toHex(dealTermsDigest(chain, dealTermsFromJson(read?.terms)))).toBe(agreementId)
  expect(quoteFromJson(read?.quote)).toMatchObject({ provider: 1000, total: 858_306_888_000n })
})
