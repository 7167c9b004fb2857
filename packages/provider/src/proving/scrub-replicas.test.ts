/** Replicas that are read whole, of real files: what the chain then hears is damaged-sectors.slow.test.ts's. */
import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import { cp, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromHex } from '@granary/base'
import { findDamaged } from '@granary/proofs/post'
import { profileNamed } from '@granary/proofs/profile'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { sealSectors, type TestSector } from '../../test/sealed-sectors.ts'
import { volumesIn } from '../../test/volumes-in.ts'
import { createAlerts } from '../alerts.ts'
import { createSectorStore, type SectorStore } from '../sectors/store.ts'
import { makeVolume } from '../storage/volume-record.ts'
import type { Volumes } from '../storage/volumes.ts'
import { createLateWrites } from './late-writes.ts'
import { openScrubRecord, type ScrubRecord } from './scrub-record.ts'
import { type ReplicaScrub, scrubReplicas } from './scrub-replicas.ts'
import { createSectorHealth } from './sector-health.ts'

const profile = profileNamed('8MiB-dev')
const PART_BYTES = 1 << 20
let folder: string
let sealed: TestSector
let home: string
let disk: string
let volumes: Volumes
let store: SectorStore
let health: ReturnType<typeof createSectorHealth>
let read: number[]
let stopping: AbortController
let running: Promise<void> | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-scrub-'))
  sealed = (await sealSectors(folder, { profile, provider: 1_000, numbers: [1] }))[0]!
})
afterAll(() => rm(folder, { recursive: true }))

beforeEach(async () => {
  home = await mkdtemp(join(folder, 'home-'))
  disk = join(home, 'disk')
  for (const name of ['sectors', 'pieces', 'staging']) await mkdir(join(home, name))
  await mkdir(disk)
  const { id } = await makeVolume(disk, '0x01', 'here')
  volumes = volumesIn(home, { volumes: [{ path: disk, id, roles: [], weight: 1 }] })
  store = createSectorStore(new DatabaseSync(':memory:'))
  health = createSectorHealth(createAlerts(() => {}))
  read = []
  stopping = new AbortController()
})
afterEach(async () => {
  stopping.abort()
  await running
})

/** A copy of the sealed one: its number is in its manifest alone. */
async function add(number: number, at: string): Promise<void> {
  const dir = join(at, 'sectors', String(number))
  await cp(sealed.dir, dir, { recursive: true })
  const manifest = join(dir, 'manifest.json')
  const text = await readFile(manifest, 'utf8')
  await writeFile(manifest, text.replace('"sectorNumber": 1', `"sectorNumber": ${number}`))
  const phase = { state: 'proving', commR: sealed.commR, partition: 1, activatedAt: 1, expiry: 900, finalized: true }
  store.adopt({ number, openedAtMs: 0, pieces: [], phase: phase as never })
}

async function flip(number: number, at: string): Promise<void> {
  const path = join(at, 'sectors', String(number), 'replica')
  const bytes = await readFile(path)
  bytes[5_000_000]! ^= 1
  await writeFile(path, bytes)
}

function start(change: Partial<ReplicaScrub> = {}): ScrubRecord {
  const record = openScrubRecord(join(home, 'scrub.json'))
  const alerts = createAlerts(() => {})
  const context = {
    ...{ store, volumes, health, folder: home, profile, late: createLateWrites({ folder: home, alerts }) },
    log: (event: { type: string; sector?: number }) => void (event.type === 'replica:read' && read.push(event.sector!)),
  }
  const pace = { againMs: 3_600_000, roundMs: 1, bytesPerSecondMin: 1, partMaxBytes: PART_BYTES, rest: 0, idleMs: 20 }
  running = scrubReplicas(context, { record, isAnswering: () => false, pace, ...change }, stopping.signal)
  return record
}

async function until(ready: () => boolean): Promise<void> {
  while (!ready()) await sleep(10)
}

test('a bit that samples do not find is found, in its sector alone, and is in its log', async () => {
  for (const number of [1, 2, 3]) await add(number, number === 3 ? disk : home)
  await flip(2, home)
  const one = { number: 2, dir: join(home, 'sectors', '2'), commR: fromHex(sealed.commR) }
  const challenge = { profile, provider: 1_000, partition: 1, randomness: new Uint8Array(32), count: 80 }
  expect(await findDamaged({ ...challenge, sectors: [one] })).toEqual([])
  const record = start()
  await until(() => health.isDamaged(2) && read.length === 2)
  expect(read.toSorted()).toEqual([1, 3])
  expect(health.list()).toEqual([{ number: 2, reason: expect.stringMatching(/replica and its treeR/), isLost: false }])
  expect(store.events(2)).toMatchObject([
    { state: 'proving', reason: expect.stringMatching(/read whole.*treeR differ/) },
  ])
  expect(record.readAtMs(1)).toBeGreaterThan(0)
  expect(record.readAtMs(2)).toBeUndefined()
  // Once it is whole again it is read from its beginning, and the others when their time comes.
  await cp(join(sealed.dir, 'replica'), join(one.dir, 'replica'))
  health.mended(2)
  await until(() => record.readAtMs(2) !== undefined)
  expect(read.toSorted()).toEqual([1, 2, 3])
})

test('what was read is not read again after a restart, and the rest of a replica that was begun is', async () => {
  await add(1, home)
  await add(2, home)
  let reached: [number, number][] = []
  const watched = (record: ScrubRecord, mayGoOn: () => boolean): Partial<ReplicaScrub> => ({
    isAnswering: () => !mayGoOn(),
    record: {
      ...record,
      reached: (number, next) => {
        reached.push([number, next])
        record.reached(number, next)
      },
    },
  })
  const path = join(home, 'scrub.json')
  start(watched(openScrubRecord(path), () => read.length < 1 || reached.length < 10))
  // Seven parts of the first and its last; three of the second, and then a challenge is being answered.
  await until(() => reached.length === 10)
  stopping.abort()
  await running
  const [first] = read
  const second = 3 - first!
  expect(reached.at(-1)).toEqual([second, 3 * PART_BYTES])
  stopping = new AbortController()
  reached = []
  start(watched(openScrubRecord(path), () => true))
  await until(() => read.length === 2)
  expect(read).toEqual([first, second])
  expect(reached.map(([, next]) => next / PART_BYTES)).toEqual([4, 5, 6, 7])
})

test('a disk that hangs keeps no other from being read, and none of its sectors is damaged', async () => {
  await add(1, disk)
  await add(2, home)
  const replica = join(disk, 'sectors', '1', 'tree-r')
  await rename(replica, join(home, 'kept'))
  execFileSync('mkfifo', [replica])
  start()
  await until(() => read.includes(2))
  await add(3, home)
  await until(() => read.includes(3))
  expect([read, health.list()]).toEqual([[2, 3], []])
  stopping.abort()
  await running
  // Ends what reads there.
  await (await open(replica, constants.O_RDWR)).close()
})

test('what is found of a sector that the chain is done with, or whose volume has gone, is no damage', async () => {
  await add(1, disk)
  await add(2, home)
  let asked = 0
  const record = start({
    isAnswering: () => {
      asked += 1
      // Between two parts of it.
      if (asked === 4) {
        store.move(2, 'proving', { state: 'expired', cleaned: false })
        execFileSync('rm', ['-r', join(home, 'sectors', '2')])
        execFileSync('mv', [disk, `${disk}.gone`])
      }
      return false
    },
  })
  await until(() => asked >= 4)
  await sleep(100)
  expect([read, health.list(), record.readAtMs(2)]).toEqual([[], [], undefined])
})
