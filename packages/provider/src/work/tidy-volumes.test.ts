/** Maintenance of volumes by random schedules, with real files: nothing that is needed is ever deleted. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createPieceHasher } from '@granary/proofs/piece'
import { profileNamed } from '@granary/proofs/profile'
import { pieceCidV2 } from '@granary/proofs/verify'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sealSectors, type TestSector } from '../../test/sealed-sectors.ts'
import { createSectorStore, type SectorStore } from '../sectors/store.ts'
import { createKeyedLock } from '../storage/keyed-lock.ts'
import { makeVolume } from '../storage/volume-record.ts'
import { createVolumes, type StoredItem, type VolumeConfig, type Volumes, volumeRoles } from '../storage/volumes.ts'
import { tidyVolumes } from './tidy-volumes.ts'

const MINUTE_MS = 60_000
let root: string
let sealed: TestSector

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-tidy-'))
  const profile = profileNamed('2KiB-test')
  sealed = (await sealSectors(root, { profile, provider: 1_000, numbers: [1] }))[0]!
})
afterAll(() => rm(root, { recursive: true }))

/** A home and two volumes, what is needed on them, and a clock. */
class World {
  readonly folder: string
  readonly store: SectorStore = createSectorStore(new DatabaseSync(':memory:'))
  /** With its bytes. */
  readonly pieces = new Map<string, Buffer>()
  readonly sectors = new Set<number>()
  /** Renamed away. */
  readonly gone = new Set<string>()
  homeRoles: VolumeConfig['roles'] = volumeRoles
  others: VolumeConfig[] = []
  nowMs: number = Date.now()
  volumes!: Volumes
  #next = 1

  constructor(folder: string) {
    this.folder = folder
  }

  async begin(): Promise<void> {
    for (const name of ['sectors', 'pieces', 'staging']) await mkdir(join(this.folder, name), { recursive: true })
    for (const name of ['a', 'b']) {
      const path = join(this.folder, name)
      await mkdir(path)
      this.others.push({ path, id: (await makeVolume(path, '0x01')).id, roles: volumeRoles, weight: 1 })
    }
    this.restart()
  }

  restart(): void {
    const folders = {
      sectors: join(this.folder, 'sectors'),
      pieces: join(this.folder, 'pieces'),
      staging: join(this.folder, 'staging'),
    }
    this.volumes = createVolumes({ root: this.folder, ...folders }, () => ({
      homeRoles: this.homeRoles,
      volumes: this.others,
      diskReserveBytes: 0,
    }))
  }

  tidy(signal: AbortSignal = new AbortController().signal): Promise<void> {
    return tidyVolumes(
      {
        ...{ volumes: this.volumes, sectors: this.store, lock: createKeyedLock(), nowMs: () => this.nowMs },
        deals: { hasPiece: (pieceCid) => this.pieces.has(pieceCid) },
        onPieceMoved: () => {},
        log: () => {},
      },
      signal,
    )
  }

  async addPiece(): Promise<void> {
    const bytes = randomBytes(127)
    const hasher = createPieceHasher()
    hasher.write(bytes)
    const pieceCid = pieceCidV2(hasher.digest())
    using room = await this.volumes.reserve({ kind: 'piece', pieceCid }, 'unsealed', 127)
    await writeFile(room.path, bytes)
    this.pieces.set(pieceCid, bytes)
  }

  async addSector(): Promise<void> {
    const number = this.#next++
    using room = await this.volumes.reserve({ kind: 'sector', number }, 'sealing', 4_096)
    await cp(sealed.dir, room.path, { recursive: true })
    const phase = {
      state: 'proving',
      commR: sealed.commR,
      partition: 1,
      activatedAt: 1,
      expiry: 900,
      finalized: true,
    } as const
    this.store.adopt({ number, openedAtMs: 0, pieces: [], phase })
    this.sectors.add(number)
  }

  /** Its deals have ended: its folder is removed from where it lies. */
  async retire(): Promise<void> {
    const [number] = this.sectors
    if (number === undefined || this.volumes.awayFor({ kind: 'sector', number }) !== undefined) return
    this.store.move(number, 'proving', { state: 'expired', cleaned: false })
    await rm(this.volumes.pathOf({ kind: 'sector', number }), { recursive: true, force: true })
    this.store.move(number, 'expired', { state: 'expired', cleaned: true })
    this.sectors.delete(number)
  }

  vanish(path: string): void {
    renameSync(path, `${path}.gone`)
    this.gone.add(path)
  }

  comeBack(): void {
    for (const path of this.gone) renameSync(`${path}.gone`, path)
    this.gone.clear()
  }

  /** What is needed and is not there as it was. */
  lost(): StoredItem[] {
    const items: StoredItem[] = [
      ...[...this.pieces.keys()].map((pieceCid) => ({ kind: 'piece', pieceCid }) as const),
      ...[...this.sectors].map((number) => ({ kind: 'sector', number }) as const),
    ]
    return items.filter((item) => this.volumes.awayFor(item) === undefined && !this.isSound(item))
  }

  isSound(item: StoredItem): boolean {
    const path = this.volumes.pathOf(item)
    if (!existsSync(path)) return false
    if (item.kind === 'piece') return readFileSync(path).equals(this.pieces.get(item.pieceCid)!)
    return readdirSync(sealed.dir).every((name) =>
      readFileSync(join(path, name)).equals(readFileSync(join(sealed.dir, name))),
    )
  }
}

async function world(name: string): Promise<World> {
  const made = new World(join(root, name))
  await made.begin()
  return made
}

/** Mulberry32: a schedule that fails is run again by its seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

test.each([1, 2, 3, 4])('by schedule %i nothing that is needed is deleted, and all of it is whole', async (seed) => {
  const here = await world(`schedule-${seed}`)
  const random = randomOf(seed)
  const rolesAnew = (): VolumeConfig['roles'] => volumeRoles.filter(() => random(2) === 0)
  const steps: (() => Promise<void> | void)[] = [
    () => here.addPiece(),
    () => here.addSector(),
    () => here.retire(),
    () => here.tidy(),
    () => {
      here.nowMs += random(12) * MINUTE_MS
      return here.tidy()
    },
    // Killed while it moves: between any two of its steps, since it is not waited for.
    async () => {
      const killed = new AbortController()
      const moving = here.tidy(killed.signal)
      here.restart()
      killed.abort()
      await moving
    },
    () => here.restart(),
    () => {
      const which = random(3)
      if (which === 2) here.homeRoles = rolesAnew()
      else here.others = here.others.map((each, at) => (at === which ? { ...each, roles: rolesAnew() } : each))
    },
    () => here.vanish(here.others.filter(({ path }) => !here.gone.has(path))[0]?.path ?? here.others[0]!.path),
    () => here.comeBack(),
  ]
  for (let step = 0; step < 120; step++) {
    const at = random(steps.length)
    if (at === 8 && here.gone.size === here.others.length) continue
    await Promise.resolve(steps[at]!()).catch((error: { code?: string }) => {
      // No volume takes it at present: then it does not come.
      if (error.code !== 'DISK_FULL') throw error
    })
    expect(here.lost()).toEqual([])
  }
  here.comeBack()
  here.restart()
  expect(here.lost()).toEqual([])
})

test('a volume that is drained is empty once its time is over, and may be detached', async () => {
  const here = await world('drained')
  here.homeRoles = []
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? volumeRoles : [] }))
  for (let count = 0; count < 3; count++) {
    await here.addPiece()
    await here.addSector()
  }
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? [] : volumeRoles }))
  await here.tidy()
  const drained = join(here.folder, 'a')
  // Who had begun to read them reads on.
  expect(readdirSync(join(drained, 'sectors'))).toHaveLength(3)
  expect(here.volumes.misplaced('sector', 'replicas')).toEqual([])
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  expect([readdirSync(join(drained, 'sectors')), readdirSync(join(drained, 'pieces'))]).toEqual([[], []])
  expect(here.lost()).toEqual([])
})

test('what was moved stays as long as its copy is not whole', async () => {
  const here = await world('damaged')
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.addSector()
  await here.addPiece()
  here.homeRoles = []
  here.others = here.others.map((each) => ({ ...each, roles: volumeRoles }))
  await here.tidy()
  await rm(join(here.volumes.pathOf({ kind: 'sector', number: 1 }), 'replica'))
  const [pieceCid] = here.pieces.keys()
  await writeFile(here.volumes.pathOf({ kind: 'piece', pieceCid: pieceCid! }), 'changed')
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['1'])
  expect(readdirSync(join(here.folder, 'pieces'))).toEqual([`${pieceCid}.car`])
})
