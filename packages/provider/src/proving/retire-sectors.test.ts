/** What the chain says of a partition and its sectors, against a real store. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { volumesIn } from '../../test/volumes-in.ts'
import { createSectorStore, type SectorStore } from '../sectors/store.ts'
import { openStore } from '../storage/open-store.ts'
import type { ProvingContext } from './proving-context.ts'
import { retireSectors } from './retire-sectors.ts'

const commR = `0x${'03'.repeat(32)}`
const randomness = `0x${'05'.repeat(32)}`
const signal = new AbortController().signal
let folder: string
let store: SectorStore
let close: () => void
let resumed: number[]
let asked: number[]
/** What the signed state says of each end. */
let isProven: boolean

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-retired-'))
  const db = openStore(join(folder, 'provider.sqlite'))
  close = () => db.close()
  store = createSectorStore(db)
  resumed = []
  asked = []
  isProven = true
})
afterEach(async () => {
  close()
  await rm(folder, { recursive: true })
})

function proven(partition: number): number {
  const { number } = store.open([], 0)
  const phase = { commR, partition, activatedAt: 1, expiry: 900, finalized: true }
  store.adopt({ number: number + 100, openedAtMs: 0, pieces: [], phase: { state: 'proving', ...phase } })
  return number + 100
}

/** The chain names the members of its partitions, and says of every other sector what `view` says. */
function contextOf(members: Readonly<Record<number, number[]>>, view: object): ProvingContext {
  const chain = {
    height: 50,
    status: async () => ({ height: 50 }),
    members: async function* ({ partition }: { partition: number }) {
      asked.push(partition)
      for (const number of members[partition] ?? []) yield { number }
    },
    sector: async () => view,
    dealsById: async () => [],
    randomness: async () => ({ randomness }),
  }
  return {
    ...{
      chain,
      store,
      providerId: 1,
      folder,
      volumes: volumesIn(folder),
      head: { height: () => 50 },
      log: () => {},
    },
    ends: { isSectorOver: async () => isProven, goesOn: () => {} },
    ...{ alerts: { raise: () => {} }, resume: (number: number) => resumed.push(number) },
    securePieces: async () => true,
  } as unknown as ProvingContext
}

test('sectors of a partition that the chain has no more are over as it says, while another partition lives', async () => {
  const [gone, kept] = [proven(0), proven(1)]
  const context = contextOf({ 1: [kept] }, { state: 'terminated' })
  await retireSectors(context, { named: [], living: [1], compare: [] }, signal)
  expect([store.get(gone).phase, store.get(kept).phase.state]).toEqual([
    { state: 'terminated', cleaned: true },
    'proving',
  ])
})

test('the newest partition of a chain that was rolled back before it is taken back at the next look', async () => {
  const [kept, forgotten] = [proven(0), proven(1)]
  const view = { state: 'precommitted', commD: commR, commR, ticketEpoch: 3, commitBy: 90, expiry: 900 }
  await retireSectors(contextOf({ 0: [kept] }, view), { named: [], living: [0], compare: [0] }, signal)
  expect([store.get(forgotten).phase.state, store.get(kept).phase.state]).toEqual(['precommitted', 'proving'])
  expect([resumed, asked]).toEqual([[forgotten], [0]])
})

test('each partition that is to be compared is', async () => {
  const [first, second] = [proven(0), proven(1)]
  const context = contextOf({ 0: [], 1: [] }, { state: 'expired' })
  await retireSectors(context, { named: [], living: [0, 1], compare: [0, 1] }, signal)
  expect([first, second].map((number) => store.get(number).phase.state)).toEqual(['expired', 'expired'])
})

test('one whose volume is away is over, and its files are removed when it is there again', async () => {
  const number = proven(0)
  const context = contextOf({ 0: [] }, { state: 'expired' })
  let away: string | undefined = '/mnt/disk'
  const waiting = { ...context, volumes: { ...context.volumes, awayFor: () => away } }
  const look = () => retireSectors(waiting, { named: [], living: [0], compare: [0] }, signal)
  await look()
  expect(store.get(number).phase).toEqual({ state: 'expired', cleaned: false })
  away = undefined
  await look()
  expect(store.get(number).phase).toEqual({ state: 'expired', cleaned: true })
})

test('the end of a sector that the signed state does not have costs no file, and is looked at again', async () => {
  const number = proven(0)
  const dir = join(folder, 'sectors', String(number))
  await mkdir(dir, { recursive: true })
  isProven = false
  const context = contextOf({ 0: [] }, { state: 'expired' })
  expect(await retireSectors(context, { named: [], living: [], compare: [] }, signal)).toEqual([number])
  expect(store.get(number).phase.state).toBe('proving')
  isProven = true
  expect(await retireSectors(context, { named: [number], living: [], compare: [] }, signal)).toEqual([])
  expect(store.get(number).phase).toEqual({ state: 'expired', cleaned: true })
})
