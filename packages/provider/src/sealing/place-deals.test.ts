import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createMemoryFeed, type MemoryFeed } from '../../test/fake-feed.ts'
import { type Alerts, createAlerts } from '../alerts.ts'
import type { PlaceableDeal } from '../sectors/port.ts'
import { createSectorStore, type SectorStore } from '../sectors/store.ts'
import { openStore } from '../storage/open-store.ts'
import { type Placed, placeDeals } from './place-deals.ts'

const deal = (dealId: number, paddedSize: number): PlaceableDeal => ({
  dealId,
  agreementId: `0x${dealId}`,
  pieceCid: `piece-${dealId}`,
  payloadSize: 1,
  paddedSize,
  publishedAt: 1,
  endsBy: 100,
})

const size = { profile: '2KiB-test', sectorBytes: 2048 } as const

let folder: string
let db: DatabaseSync
let store: SectorStore
let feed: MemoryFeed
let refused: Set<number>
let damaged: Set<string>
let alerts: Alerts

const place = (nowMs: number): Placed =>
  placeDeals({
    ...{ store, deals: feed, sizes: [size], first: size, sealAfterMs: 1_000, nowMs, refused },
    closeByMs: () => undefined,
    witness: { numbered: () => {} },
    isDamaged: (pieceCid) => damaged.has(pieceCid),
    alerts,
  })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-place-'))
  db = openStore(join(folder, 'provider.sqlite'))
  store = createSectorStore(db)
  feed = createMemoryFeed()
  refused = new Set()
  damaged = new Set()
  alerts = createAlerts(() => {})
})

afterEach(async () => {
  db.close()
  await rm(folder, { recursive: true })
})

describe('placeDeals', () => {
  test('a deal waits in its sector, is joined by another, and both are sealed in order', () => {
    feed.publish(deal(1, 512))
    expect(place(0)).toEqual({ closed: [], waitUntilMs: 1_000 })
    feed.publish(deal(2, 1024))
    expect(place(400)).toEqual({ closed: [], waitUntilMs: 1_000 })
    expect(place(1_000)).toEqual({ closed: [1], waitUntilMs: undefined })
    expect(store.get(1).pieces.map(({ dealId, offset }) => [dealId, offset])).toEqual([
      [2, 0],
      [1, 1024],
    ])
    expect([...feed.states.values()]).toEqual(['sealing', 'sealing'])
    expect(feed.entries(2, 'sector-planned')).toMatchObject([{ data: { sector: 1, pieces: 2 } }])
  })

  test('a full sector is closed in the same round', () => {
    feed.publish(deal(1, 1024))
    feed.publish(deal(2, 1024))
    expect(place(0)).toEqual({ closed: [1], waitUntilMs: undefined })
  })

  test('a deal whose assignment was lost in a kill is not placed twice', () => {
    feed.publish(deal(1, 1024))
    place(0)
    feed.unassign([1])
    expect(place(10)).toEqual({ closed: [], waitUntilMs: 1_000 })
    expect(store.inStates('filling')).toHaveLength(1)
  })

  test('a piece that no sector can hold is refused once, and the others go on', () => {
    feed.publish(deal(1, 4096))
    feed.publish(deal(2, 2048))
    expect(place(0).closed).toEqual([1])
    place(5_000)
    expect(feed.entries(1, 'failed')).toMatchObject([{ data: { code: 'PIECE_LARGER_THAN_SECTOR' } }])
    expect(alerts.list()).toMatchObject([{ code: 'PIECE_LARGER_THAN_SECTOR', subject: 'deal 1' }])
  })

  test('a deal whose piece is damaged waits until it is mended, and spends no sector; the others go on', () => {
    feed.publish(deal(1, 2048))
    feed.publish(deal(2, 2048))
    damaged.add('piece-1')
    expect(place(0).closed).toEqual([1])
    expect(store.get(1).pieces.map(({ dealId }) => dealId)).toEqual([2])
    damaged.clear()
    expect(place(1).closed).toEqual([2])
  })

  test('a deal is given up after three sectors with it have failed', () => {
    feed.publish(deal(1, 2048))
    for (const number of [1, 2, 3]) {
      expect(place(number).closed).toEqual([number])
      store.move(number, 'sealing', { state: 'failed', code: 'X', message: '', cleaned: true })
      feed.unassign([1])
    }
    expect(place(4)).toEqual({ closed: [], waitUntilMs: undefined })
    expect(feed.entries(1, 'failed')).toMatchObject([{ data: { code: 'SEALING_GIVEN_UP' } }])
    expect(alerts.list()).toMatchObject([{ code: 'SEALING_GIVEN_UP', subject: 'deal 1', stake: 'money' }])
    feed.setState(1, 'active')
    place(5)
    expect(alerts.list()).toEqual([])
  })
})
