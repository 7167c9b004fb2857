import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openStore } from '../storage/open-store.ts'
import type { PlaceableDeal } from './port.ts'
import { type SectorPhase, type SectorState, sectorStates } from './sector.ts'
import { createSectorStore, type SectorStore } from './store.ts'

const deal = (dealId: number): PlaceableDeal => ({
  dealId,
  agreementId: `0x${dealId}`,
  pieceCid: `piece-${dealId}`,
  payloadSize: 100,
  paddedSize: 128,
  publishedAt: 3,
  endsBy: 400,
})

const sealed = { ticket: { epoch: 7, randomness: '0x01' }, commD: '0x02', commR: '0x03' }
const committed = { ...sealed, commitBy: 90, expiry: 500 }
const life: SectorPhase[] = [
  { state: 'sealing', ticket: sealed.ticket },
  { state: 'sealed', ...sealed, sealMs: 1200 },
  { state: 'precommitting', ...sealed },
  { state: 'precommitted', ...committed },
  { state: 'committing', ...committed, seed: '0x04', proofBytes: 1, proveMs: 2 },
  { state: 'proving', commR: '0x03', partition: 0, activatedAt: 30, expiry: 500, finalized: false },
  { state: 'proving', commR: '0x03', partition: 0, activatedAt: 30, expiry: 500, finalized: true },
  { state: 'expired', cleaned: false },
  { state: 'expired', cleaned: true },
]

let folder: string
let db: DatabaseSync
let store: SectorStore

const reopen = (): void => {
  db.close()
  db = openStore(join(folder, 'provider.sqlite'))
  store = createSectorStore(db)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-sectors-'))
  db = openStore(join(folder, 'provider.sqlite'))
  store = createSectorStore(db)
})

afterEach(async () => {
  db.close()
  await rm(folder, { recursive: true })
})

describe('the sector store', () => {
  test('says of which profiles its sectors are, whatever the configuration has come to say', () => {
    store.open([deal(1)], 1_000)
    expect(store.profiles()).toEqual([])
    store.open([deal(2)], 1_000, '8MiB-dev')
    store.open([deal(3)], 1_000, '8MiB-dev')
    expect(store.profiles()).toEqual(['8MiB-dev'])
  })

  test('after a restart in each state the sector is where it was, with all its facts', () => {
    const { number } = store.open([deal(1), deal(2)], 1_000)
    reopen()
    expect(store.get(number)).toMatchObject({ number, openedAtMs: 1_000, phase: { state: 'filling' } })
    store.add(number, [deal(3)])
    const layout = [
      { dealId: 3, offset: 0 },
      { dealId: 1, offset: 128 },
      { dealId: 2, offset: 256 },
    ]
    store.close(number, layout)
    let from: SectorState = 'sealing'
    for (const phase of life) {
      store.move(number, from, phase)
      from = phase.state
      reopen()
      expect(store.get(number).phase).toEqual(phase)
      expect(store.inStates(phase.state).map((sector) => sector.number)).toEqual([number])
      expect(store.get(number).pieces).toEqual([
        { ...deal(3), offset: 0 },
        { ...deal(1), offset: 128 },
        { ...deal(2), offset: 256 },
      ])
    }
  })

  test('numbers go up, and none comes back after a restart, whatever became of its sector', () => {
    const first = store.open([deal(1)], 0)
    store.move(first.number, 'filling', { state: 'failed', code: 'X', message: '', cleaned: false })
    reopen()
    const second = store.open([deal(1)], 0)
    expect(second.number).toBe(first.number + 1)
    store.skipNumbersBelow(50)
    store.skipNumbersBelow(10)
    reopen()
    expect(store.open([], 0).number).toBe(50)
  })

  test('a number whose sector could not be written is spent', () => {
    const { number } = store.open([deal(1)], 0)
    expect(() => store.open([deal(2), deal(2)], 0)).toThrow('UNIQUE')
    expect(() => store.get(number + 1)).toThrow(expect.objectContaining({ code: 'SECTOR_MISSING' }))
    expect(store.open([deal(2)], 0).number).toBe(number + 2)
  })

  test.each(sectorStates.flatMap((from) => sectorStates.map((to) => [from, to] as const)))(
    'a sector that is not %s cannot be moved from there to %s',
    (from, to) => {
      const { number } = store.open([deal(1)], 0)
      if (from === 'filling') store.close(number, [{ dealId: 1, offset: 0 }])
      const phase = life.find(({ state }) => state === to) ?? {
        state: 'failed',
        code: 'X',
        message: '',
        cleaned: false,
      }
      const before = store.get(number)
      expect(() => store.move(number, from, phase)).toThrow(expect.objectContaining({ code: 'SECTOR_STATE' }))
      expect(store.get(number)).toEqual(before)
    },
  )

  test('a closed sector takes no more deals', () => {
    const { number } = store.open([deal(1)], 0)
    store.close(number, [{ dealId: 1, offset: 0 }])
    expect(() => store.add(number, [deal(2)])).toThrow(expect.objectContaining({ code: 'SECTOR_STATE' }))
    expect([store.isPlaced(1), store.isPlaced(2)]).toEqual([true, false])
  })

  test('deals of a failed sector are free again, and the failure is counted', () => {
    const { number } = store.open([deal(1), deal(2)], 0)
    store.move(number, 'filling', { state: 'failed', code: 'X', message: '', cleaned: false })
    expect([store.isPlaced(1), store.isPlaced(2)]).toEqual([false, false])
    store.open([deal(1)], 0)
    expect([store.isPlaced(1), store.isPlaced(2)]).toEqual([true, false])
    expect([store.failedPlacements(1), store.failedPlacements(3)]).toEqual([1, 0])
  })

  test('a sector that its owner has given up is no failure of its deals', () => {
    for (let time = 0; time < 3; time += 1) {
      const { number } = store.open([deal(1)], 0)
      store.move(number, 'filling', { state: 'failed', code: 'SECTOR_ABANDONED', message: '', cleaned: false })
    }
    expect(store.failedPlacements(1)).toBe(0)
  })

  test('failures in a row are kept over a restart and forgotten by the next move', () => {
    const { number } = store.open([deal(1)], 0)
    store.close(number, [{ dealId: 1, offset: 0 }])
    store.failed(number, 5_000)
    store.failed(number, 9_000)
    reopen()
    expect(store.get(number)).toMatchObject({ failures: 2, retryAtMs: 9_000 })
    store.move(number, 'sealing', { state: 'sealing', ticket: sealed.ticket })
    expect(store.get(number)).toMatchObject({ failures: 0, retryAtMs: 0 })
  })

  test('a row that says two things is not believed', () => {
    const { number } = store.open([deal(1)], 0)
    db.exec(`UPDATE sectors SET state = 'proving' WHERE number = ${number}`)
    expect(() => store.get(number)).toThrow(expect.objectContaining({ code: 'SECTOR_STATE' }))
  })
})

test('proven sectors are found by partition, by their end and by number, and none of the others', () => {
  const proven = (number: number, partition: number, expiry: number): void => {
    const phase = { state: 'proving', commR: '0x03', partition, activatedAt: 1, expiry, finalized: true } as const
    store.adopt({ number, openedAtMs: 0, pieces: [], phase })
  }
  for (const [number, partition, expiry] of [
    [3, 7, 90],
    [5, 0, 50],
    [8, 7, 60],
    [9, 12, 99],
  ] as const)
    proven(number, partition, expiry)
  store.adopt({ number: 4, openedAtMs: 0, pieces: [], phase: { state: 'expired', cleaned: false } })
  store.adopt({ number: 6, openedAtMs: 0, pieces: [], phase: { state: 'terminated', cleaned: true } })
  expect(store.partitions()).toEqual([0, 7, 12])
  expect([store.inPartition(7), store.inPartition(1)]).toEqual([[3, 8], []])
  expect(store.endingBy(60)).toEqual([5, 8])
  expect([store.countIn('proving'), store.numbersIn('proving')]).toEqual([4, [3, 5, 8, 9]])
  expect([store.nextIn('proving', 4), store.nextIn('proving', 10), store.nextIn('failed', 0)]).toEqual([
    5,
    3,
    undefined,
  ])
  expect(store.uncleaned().map(({ number }) => number)).toEqual([4])
})
