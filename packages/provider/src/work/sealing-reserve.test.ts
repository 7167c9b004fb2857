import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { createSectorStore } from '../sectors/store.ts'
import { openStore } from '../storage/open-store.ts'
import { sealingReserveMs } from './sealing-reserve.ts'

const BLOCK_MS = 1_000
const facts = { ticket: { epoch: 1, randomness: '0x' }, commD: '0x', commR: '0x' }
let root: Awaited<ReturnType<typeof temporaryHome>>
let db: ReturnType<typeof openStore>

beforeEach(async () => {
  root = await temporaryHome()
  db = openStore(join(root.home, 'provider.sqlite'))
})
afterEach(async () => {
  db.close()
  await root.remove()
})

test('an outage between the closing of a sector and its proof is no time that sealing takes', () => {
  const store = createSectorStore(db)
  const { number } = store.open([], 0)
  store.close(number, [])
  store.move(number, 'sealing', { state: 'sealed', ...facts, sealMs: 4_000 })
  store.measure(number, { sealMs: 4_000 })
  expect(store.sealingTimes(8)).toEqual([])
  store.move(number, 'sealed', { state: 'precommitting', ...facts })
  store.move(number, 'precommitting', { state: 'precommitted', ...facts, commitBy: 9, expiry: 99 })
  store.measure(number, { proveMs: 1_000, seedEpochs: 5 })
  // The chain was away for a day.
  db.prepare("UPDATE sector_events SET at_ms = at_ms - 86400000 WHERE state = 'sealing'").run()
  const proven = { state: 'proving', commR: '0x', partition: 0, activatedAt: 1, expiry: 99, finalized: false } as const
  store.move(number, 'precommitted', proven)
  expect(store.sealingTimes(8)).toEqual([{ machineMs: 5_000, seedEpochs: 5 }])
  expect(sealingReserveMs(store.sealingTimes(8), BLOCK_MS)).toBe(1.5 * (5_000 + 15_000))
})

test('a seal that went on after a break is not counted, and what it took is not known', () => {
  const store = createSectorStore(db)
  const { number } = store.open([], 0)
  store.measure(number, { proveMs: 1_000, seedEpochs: 5 })
  expect(store.sealingTimes(8)).toEqual([])
  expect(sealingReserveMs([], BLOCK_MS)).toBeUndefined()
})

test('one that was slow says nothing of the others', () => {
  const times = [5, 900, 6, 7, 5].map((seconds) => ({ machineMs: seconds * 1_000, seedEpochs: 0 }))
  expect(sealingReserveMs(times, BLOCK_MS)).toBe(1.5 * (6_000 + 10_000))
})
