import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import type { PlaceableDeal } from '../sectors/port.ts'
import { sectorsUnderWay } from '../sectors/sector-life.ts'
import { createSectorStore } from '../sectors/store.ts'
import { providerFolders } from '../storage/folders.ts'
import { openStore } from '../storage/open-store.ts'
import { abandonSector, readSectorLife, readSectorsUnderWay, retrySector } from './sector-life.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let db: ReturnType<typeof openStore>
const deal: PlaceableDeal = {
  ...{ dealId: 1, agreementId: '0x1', pieceCid: 'piece', payloadSize: 1, paddedSize: 128 },
  ...{ publishedAt: 1, endsBy: 100 },
}

beforeEach(async () => {
  root = await temporaryHome()
  const { database } = providerFolders(root.home)
  await mkdir(join(database, '..'), { recursive: true })
  db = openStore(database)
})
afterEach(async () => {
  if (db.isOpen) db.close()
  await root.remove()
})

/** Closed, sealed at times of its own, and failed twice in what follows. */
function sealedSector(): number {
  let epoch = 10
  const store = createSectorStore(db, () => epoch)
  const { number } = store.open([deal], 0)
  store.close(number, [{ dealId: 1, offset: 0 }])
  const ticket = { epoch: 1, randomness: '0x' }
  epoch = 12
  store.move(number, 'sealing', { state: 'sealed', ticket, commD: '0x', commR: '0x', sealMs: 5 })
  store.failed(number, 1, 'CHAIN_UNREACHABLE: it is away')
  store.failed(number, Date.now() + 60_000, 'CHAIN_UNREACHABLE: it is away')
  return number
}

test('the life of a sector is told with times, epochs and reasons, and is tried again at once', () => {
  const number = sealedSector()
  db.close()
  const { state, failures, events } = readSectorLife(root.home, number)
  expect([state, failures]).toEqual(['sealed', 2])
  const away = 'CHAIN_UNREACHABLE: it is away'
  expect(events.map((event) => [event.state, event.epoch, event.reason])).toEqual([
    ['filling', 10, null],
    ['sealing', 10, null],
    ['sealed', 12, null],
    ['sealed', 12, away],
    ['sealed', 12, away],
  ])
  for (const { atMs } of events) expect(Math.abs(Date.now() - atMs)).toBeLessThan(60_000)
  expect(retrySector(root.home, number).failures).toBe(0)
})

test('those that are not proven yet are listed, with since when, and why the last try failed', async () => {
  const number = sealedSector()
  const store = createSectorStore(db)
  const { number: filling } = store.open([{ ...deal, dealId: 2 }], 5, '8MiB-dev')
  const held = sectorsUnderWay(store, (each) => (each === filling ? 'it waits for room' : undefined))
  expect(held.map(({ reason }) => reason)).toEqual(['CHAIN_UNREACHABLE: it is away', 'it waits for room'])
  db.close()
  const listed = await readSectorsUnderWay(root.home)
  const [sealed] = listed
  expect(listed).toEqual([
    {
      ...{ number, profile: null, state: 'sealed', deals: [1], failures: 2, sinceMs: expect.any(Number) },
      reason: 'CHAIN_UNREACHABLE: it is away',
    },
    expect.objectContaining({ number: filling, profile: '8MiB-dev', state: 'filling', deals: [2], reason: null }),
  ])
  expect(Date.now() - sealed!.sinceMs).toBeLessThan(60_000)
  retrySector(root.home, number)
  expect((await readSectorsUnderWay(root.home))[0]).toMatchObject({ failures: 0, reason: null })
  expect(await readSectorsUnderWay(join(root.home, 'none'))).toEqual([])
})

test('one that the chain has not heard of is given up, one that is on it is not', () => {
  const number = sealedSector()
  db.close()
  expect(abandonSector(root.home, number).events.at(-1)).toMatchObject({
    ...{ state: 'failed', reason: 'SECTOR_ABANDONED: its owner has given it up' },
  })
  expect(() => abandonSector(root.home, number)).toThrow(expect.objectContaining({ code: 'SECTOR_STATE_WRONG' }))
  expect(() => abandonSector(root.home, 77)).toThrow(expect.objectContaining({ code: 'SECTOR_MISSING' }))
})

test('nothing is touched while the provider runs, and no store is made where there is none', () => {
  const number = sealedSector()
  expect(() => retrySector(root.home, number)).toThrow(expect.objectContaining({ code: 'HOME_LOCKED' }))
  expect(() => retrySector(join(root.home, 'none'), 1)).toThrow(expect.objectContaining({ code: 'HOME_MISSING' }))
})
