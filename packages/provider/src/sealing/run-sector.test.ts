import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { MessageUndecidedError } from '@granary/protocol/resend'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createMemoryFeed } from '../../test/fake-feed.ts'
import { temporaryHome } from '../../test/market-kit.ts'
import { createAlerts } from '../alerts.ts'
import { createSectorStore } from '../sectors/store.ts'
import { openStore } from '../storage/open-store.ts'
import { VolumesFullError } from '../storage/volume-rooms.ts'
import { giveUpSector } from './give-up-sector.ts'
import { dropLost, runSector } from './run-sector.ts'

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

test.each([
  [
    'a message of which nobody can tell yet',
    () => {
      const sent = {
        id: '0x',
        sender: '0x',
        lane: 16,
        sequence: 0,
        signedAt: 1,
        validUntil: 9,
        bytes: new Uint8Array(0),
      }
      return new MessageUndecidedError(sent as never, 'the node says SEQUENCE_TAKEN')
    },
  ],
  ...(['SPENDING_LIMIT_REACHED', 'KEY_NOT_AUTHORIZED', 'KEY_EXPIRED', 'KEY_SCOPE_MISSING'] as const).map(
    (code) =>
      [`a key that signs no more (${code})`, () => new GranaryError({ code, message: code, hint: 'none' })] as const,
  ),
])('%s ends no sealed sector, however often it is tried', async (_, failure) => {
  const store = createSectorStore(db)
  const { number } = store.open([], 0)
  store.close(number, [])
  const ticket = { epoch: 1, randomness: `0x${randomBytes(32).toString('hex')}` }
  const facts = { ticket, commD: `0x${'01'.repeat(32)}`, commR: `0x${'02'.repeat(32)}` }
  store.move(number, 'sealing', { state: 'sealed', ...facts, sealMs: 1 })
  store.move(number, 'sealed', { state: 'precommitting', ...facts })
  const stopping = new AbortController()
  let asked = 0
  const send = async (): Promise<never> => {
    asked += 1
    if (asked === 6) stopping.abort(new DOMException('the provider is stopping', 'AbortError'))
    throw failure()
  }
  const chain = {
    height: 10,
    status: async () => ({ height: 10 }),
    params: async () => ({
      commitExpiry: 9,
      dealDurationMin: 9,
      dealDurationMax: 99,
      provingPeriod: 9,
      ticketMaxAge: 99,
    }),
    randomness: async () => ({ randomness: ticket.randomness }),
    sector: async () => {
      throw new GranaryError({ code: 'SECTOR_NOT_FOUND', message: 'none', hint: 'none' })
    },
  }
  const context = {
    ...{ store, chain, providerId: 1, profile: { name: '2KiB-test' }, folder: root.home, deals: createMemoryFeed() },
    ...{ lanes: { send }, alerts: { raise: () => {}, clear: () => {} }, log: () => {} },
    securePieces: async () => true,
    retry: { failuresMax: 2, waitMinMs: 1, waitMaxMs: 1 },
  }
  await runSector(context as never, number, stopping.signal)
  expect([asked, store.get(number).failures, store.get(number).phase.state]).toEqual([6, 0, 'precommitting'])
})

test('a sector that finds no room says so once, and no more when it has found some or was given up', async () => {
  const store = createSectorStore(db)
  const logged: object[] = []
  const alerts = createAlerts((event) => logged.push(event))
  const { number } = store.open([], 0)
  store.close(number, [])
  const stopping = new AbortController()
  let asked = 0
  const reserve = (): never => {
    asked += 1
    if (asked === 4) stopping.abort(new DOMException('its owner has a word with it', 'AbortError'))
    // The first time another sector is being sealed there.
    throw new VolumesFullError('sealing', 9, [], asked === 1)
  }
  const context = {
    ...{ store, alerts, providerId: 1, profile: profileNamed('2KiB-test'), profiles: [], folder: root.home },
    ...{ deals: createMemoryFeed(), log: () => {}, securePieces: async () => true, head: { height: () => 10 } },
    chain: {
      status: async () => ({ height: 10 }),
      params: async () => ({ ticketMaxAge: 99 }),
      randomness: async () => ({ randomness: `0x${'01'.repeat(32)}` }),
    },
    volumes: { reserve, pathOf: () => join(root.home, 'none'), isSilent: () => false, awayFor: () => undefined },
    retry: { failuresMax: 2, waitMinMs: 1, waitMaxMs: 1 },
  }
  await runSector(context as never, number, stopping.signal)
  expect(asked).toBe(4)
  expect(logged).toMatchObject([{ type: 'alert', code: 'DISK_FULL', subject: `sector ${number}` }])
  await dropLost(context as never, giveUpSector(store, number))
  expect(alerts.list()).toEqual([])
})
