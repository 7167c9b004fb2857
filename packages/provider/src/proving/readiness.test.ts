/** Made-up challenges over real sectors, and what is kept of them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { profileNamed } from '@granary/proofs/profile'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sealSectors, type TestSector } from '../../test/sealed-sectors.ts'
import { volumesIn } from '../../test/volumes-in.ts'
import { createAlerts } from '../alerts.ts'
import { createSectorStore } from '../sectors/store.ts'
import { rehearse } from './keep-sectors.ts'
import { createProver, type Prover } from './prover.ts'
import type { ProvingContext } from './proving-context.ts'
import { openReadiness, type Readiness, readReadiness } from './readiness.ts'
import { createSectorHealth } from './sector-health.ts'

const profile = profileNamed('2KiB-test')
const { signal } = new AbortController()
let folder: string
let sectors: TestSector[]
let prover: Prover
let path: string
let readiness: Readiness
let context: ProvingContext

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-readiness-'))
  path = join(folder, 'readiness.json')
  sectors = await sealSectors(folder, { profile, provider: 1000, numbers: [1, 2, 3] })
  prover = createProver()
  const store = createSectorStore(new DatabaseSync(':memory:'))
  for (const { number, commR } of sectors) {
    const partition = number === 3 ? 9 : 4
    const phase = { state: 'proving', commR, partition, activatedAt: 1, expiry: 900, finalized: true } as const
    store.adopt({ number, openedAtMs: 0, pieces: [], phase })
  }
  const alerts = createAlerts(() => {})
  readiness = openReadiness(path, alerts)
  // Of what the parts of proving share, a rehearsal takes no more.
  context = {
    ...{
      store,
      prover,
      readiness,
      profile,
      alerts,
      providerId: 1000,
      folder,
      volumes: volumesIn(folder),
    },
    health: createSectorHealth(alerts),
  } as unknown as ProvingContext
})
afterAll(async () => {
  await prover.stop()
  await rm(folder, { recursive: true })
})

test('a partition that is whole passes, and what it took is kept for who asks', async () => {
  await rehearse(context, 4, signal)
  await readiness.save([])
  const known = readReadiness(path)
  expect(known?.checks).toEqual([{ partition: 4, atMs: expect.any(Number), tookMs: expect.any(Number), failed: [] }])
  expect(known?.checks[0]?.tookMs).toBeGreaterThan(0)
  expect(context.health.list()).toEqual([])
})

test('a sector that would fail is named, with its reason, and the other partition is none the worse', async () => {
  const replica = join(sectors[1]!.dir, 'replica')
  await writeFile(
    replica,
    (await readFile(replica)).map((byte) => byte ^ 0xff),
  )
  await rehearse(context, 4, signal)
  await rehearse(context, 9, signal)
  expect(context.health.list()).toEqual([{ number: 2, reason: expect.any(String), isLost: false }])
  // What is known to be damaged is left out: the others are as ready as they are.
  await rehearse(context, 4, signal)
  expect(context.health.list()).toHaveLength(1)
})

test('an answer that took half of its window is an alert, until one is quicker', () => {
  const alerts = createAlerts(() => {})
  const own = openReadiness(join(folder, 'own.json'), alerts)
  const answer = { partition: 4, challengeEpoch: 100, deadline: 200, proveMs: 5, skipped: [] }
  own.answered({ ...answer, epoch: 150 })
  expect(alerts.list()).toEqual([])
  own.answered({ ...answer, epoch: 151 })
  expect(alerts.list()).toMatchObject([{ code: 'ANSWER_LATE', subject: 'partition 4' }])
  own.answered({ ...answer, challengeEpoch: 300, deadline: 400, epoch: 302 })
  expect(alerts.list()).toEqual([])
})

test('it goes on from what was written; a file that cannot be read is begun anew', async () => {
  const alerts = createAlerts(() => {})
  const kept = join(folder, 'kept.json')
  const before = openReadiness(kept, alerts)
  before.sectorChecked(77)
  before.answered({ partition: 1, challengeEpoch: 1, deadline: 9, epoch: 2, proveMs: 3, skipped: [5] })
  await before.save([{ number: 5, reason: 'cut', isLost: true }])
  const after = openReadiness(kept, alerts)
  expect(after.sectorCursor()).toBe(77)
  expect(readReadiness(kept)).toMatchObject({ damaged: [{ number: 5, reason: 'cut' }], answers: [{ skipped: [5] }] })
  await writeFile(kept, '{"half":')
  expect(openReadiness(kept, alerts).sectorCursor()).toBe(0)
})
