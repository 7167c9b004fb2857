/** Maintenance of volumes by random schedules, with real files: nothing that is needed is ever deleted. */
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPieceHasher } from '@granary/proofs/piece'
import { profileNamed } from '@granary/proofs/profile'
import { pieceCidV2 } from '@granary/proofs/verify'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sealSectors, type TestSector } from '../../test/sealed-sectors.ts'
import { createAlerts } from '../alerts.ts'
import { createSectorStore, type SectorStore } from '../sectors/store.ts'
import { createVolumes } from '../storage/create-volumes.ts'
import { createKeyedLock } from '../storage/keyed-lock.ts'
import { nameOf, type StoredItem } from '../storage/stored-item.ts'
import { makeVolume } from '../storage/volume-record.ts'
import { type VolumeConfig, type Volumes, volumeRoles } from '../storage/volumes.ts'
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
  readonly unknown: string[] = []
  providerId = 1_000
  readonly alerts = createAlerts(() => {})
  /** As the alerts name it. */
  readonly damaged = new Set<string>()
  /** By their names: a bit of them changed where they lay. */
  readonly rotten = new Set<string>()
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
      this.others.push({ path, id: (await makeVolume(path, '0x01', 'here')).id, roles: volumeRoles, weight: 1 })
    }
    this.restart()
  }

  restart(): void {
    const folders = {
      sectors: join(this.folder, 'sectors'),
      pieces: join(this.folder, 'pieces'),
      staging: join(this.folder, 'staging'),
    }
    const config = () => ({ homeRoles: this.homeRoles, volumes: this.others, diskReserveBytes: 0 })
    this.volumes = createVolumes({ root: this.folder, ...folders }, config, {
      homeId: 'here',
      nowMs: () => this.nowMs,
    })
  }

  tidy(signal: AbortSignal = new AbortController().signal): Promise<void> {
    return tidyVolumes(
      {
        ...{ volumes: this.volumes, sectors: this.store, lock: createKeyedLock() },
        deals: { hasPiece: (pieceCid) => this.pieces.has(pieceCid) },
        providerId: this.providerId,
        isDamaged: (name) => this.damaged.has(name),
        onPieceMoved: () => {},
        alerts: this.alerts,
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

  /** One that the store knows nothing of: a person has put it there. */
  async addUnknown(at: number): Promise<void> {
    const { path } = this.others[at]!
    if (this.gone.has(path)) return
    const unknown = join(path, 'sectors', String(900 + this.unknown.length))
    await cp(sealed.dir, unknown, { recursive: true })
    this.unknown.push(unknown)
  }

  /** What was put there and is not any more. */
  touched(): string[] {
    const volumeOf = (path: string): string => dirname(dirname(path))
    return this.unknown.filter((path) => !this.gone.has(volumeOf(path)) && !existsSync(path))
  }

  /** What an answer may be being made from. */
  readable(): string[] {
    const there = this.needed().filter((item) => this.volumes.awayFor(item) === undefined)
    return there.map((item) => this.volumes.pathOf(item))
  }

  vanish(path: string): void {
    renameSync(path, `${path}.gone`)
    this.gone.add(path)
  }

  comeBack(): void {
    for (const path of this.gone) renameSync(`${path}.gone`, path)
    this.gone.clear()
  }

  /** Killed: what lies there at some moment of it is all there is from then on. */
  async killTidying(afterMs: number): Promise<void> {
    const moving = this.tidy()
    await sleep(afterMs)
    const left = `${this.folder}.left`
    // Its threads go on meanwhile: a name may be gone before it is reached.
    for (let isWhole = false; !isWhole; )
      try {
        rmSync(left, { recursive: true, force: true })
        cpSync(this.folder, left, { recursive: true })
        isWhole = true
      } catch {
        await sleep(1)
      }
    await moving
    await rm(this.folder, { recursive: true })
    renameSync(left, this.folder)
    this.restart()
  }

  /** A bit of one that has a sound copy elsewhere. */
  async rot(): Promise<void> {
    for (const item of this.needed()) {
      if (this.volumes.awayFor(item) !== undefined || this.soundCopies(item) < 2) continue
      this.rotten.add(nameOf(item))
      const path = this.volumes.pathOf(item)
      return await flipByte(item.kind === 'piece' ? path : join(path, 'replica'))
    }
  }

  /** Wherever, on what was renamed away too, and aside. */
  soundCopies(item: StoredItem): number {
    const roots = [this.folder, ...this.others.map(({ path }) => (this.gone.has(path) ? `${path}.gone` : path))]
    const folders = roots.map((path) => join(path, `${item.kind}s`))
    const aside = folders.map((folder) => join(folder, 'aside'))
    const copies = [...folders, ...aside.filter(existsSync)].flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name === nameOf(item) || name.endsWith(`Z-${nameOf(item)}`))
        .map((name) => join(folder, name)),
    )
    return copies.filter((path) => this.isSoundAt(path, item)).length
  }

  needed(): StoredItem[] {
    return [
      ...[...this.pieces.keys()].map((pieceCid) => ({ kind: 'piece', pieceCid }) as const),
      ...[...this.sectors].map((number) => ({ kind: 'sector', number }) as const),
    ]
  }

  /** What is needed and is not there as it was; of what has rotted since, what no copy is left of. */
  lost(): StoredItem[] {
    return this.needed().filter((item) => {
      if (this.volumes.awayFor(item) !== undefined) return false
      return this.rotten.has(nameOf(item))
        ? this.soundCopies(item) === 0
        : !this.isSoundAt(this.volumes.pathOf(item), item)
    })
  }

  isSoundAt(path: string, item: StoredItem): boolean {
    if (!existsSync(path)) return false
    if (item.kind === 'piece') return readFileSync(path).equals(this.pieces.get(item.pieceCid)!)
    return readdirSync(sealed.dir).every(
      (name) =>
        existsSync(join(path, name)) && readFileSync(join(path, name)).equals(readFileSync(join(sealed.dir, name))),
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

test.each([1, 2, 3, 4, 5, 6])(
  'by schedule %i nothing that is needed is deleted, and all of it is whole',
  async (seed) => {
    const here = await world(`schedule-${seed}`)
    const random = randomOf(seed)
    const rolesAnew = (): VolumeConfig['roles'] => volumeRoles.filter(() => random(2) === 0)
    const rolesOfOne = (): void => {
      const which = random(3)
      if (which === 2) here.homeRoles = rolesAnew()
      else here.others = here.others.map((each, at) => (at === which ? { ...each, roles: rolesAnew() } : each))
    }
    const tidyLater = (): Promise<void> => {
      here.nowMs += random(24) * MINUTE_MS
      return here.tidy()
    }
    const steps: (() => Promise<void> | void)[] = [
      () => here.addPiece(),
      () => here.addSector(),
      () => here.retire(),
      tidyLater,
      () => {
        rolesOfOne()
        return here.killTidying(random(12))
      },
      async () => {
        rolesOfOne()
        const reading = here.readable()
        await here.tidy()
        // Whoever had begun to read one reads on.
        expect(reading.filter((path) => !existsSync(path))).toEqual([])
        await here.rot()
        await tidyLater()
      },
      () => here.restart(),
      rolesOfOne,
      () => here.vanish(here.others.filter(({ path }) => !here.gone.has(path))[0]?.path ?? here.others[0]!.path),
      () => here.comeBack(),
      // More often than it goes away: what may be on one that is away is not missed.
      () => here.comeBack(),
      () => here.addUnknown(random(2)),
    ]
    for (let step = 0; step < 120; step++) {
      const at = random(steps.length)
      if (at === 8 && here.gone.size === here.others.length) continue
      await Promise.resolve(steps[at]!()).catch((error: { code?: string }) => {
        // No volume takes it at present: then it does not come.
        if (error.code !== 'DISK_FULL') throw error
      })
      expect([here.lost(), here.touched()]).toEqual([[], []])
    }
    here.comeBack()
    here.restart()
    expect(here.lost()).toEqual([])
  },
)

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

test('what is not wanted any more when its copy is whole stays where it was, alone', async () => {
  const here = await world('unwanted')
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.addSector()
  here.others = here.others.map((each) => ({ ...each, roles: volumeRoles }))
  const item = { kind: 'sector', number: 1 } as const
  const before = here.volumes.pathOf(item)
  let asked = 0
  // It ends, or is found to be damaged, just then.
  await here.volumes.move(item, 'replicas', () => asked++ === 0)
  expect([asked, here.volumes.pathOf(item)]).toEqual([2, before])
  expect(here.others.flatMap(({ path }) => readdirSync(join(path, 'sectors')))).toEqual([])
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

/** A sector and a piece that were moved from the home to the volumes. */
async function movedFromHome(name: string): Promise<{ here: World; pieceCid: string }> {
  const here = await world(name)
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.addSector()
  await here.addPiece()
  here.homeRoles = []
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? volumeRoles : [] }))
  await here.tidy()
  return { here, pieceCid: [...here.pieces.keys()][0]! }
}

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[100]! ^= 1
  await writeFile(path, bytes)
}

test('what was moved stays as long as its copy differs, be it by one bit, and an alert names both', async () => {
  const { here, pieceCid } = await movedFromHome('flipped')
  const sector = join(here.folder, 'sectors', '1')
  const piece = join(here.folder, 'pieces', `${pieceCid}.car`)
  await flipByte(join(here.volumes.pathOf({ kind: 'sector', number: 1 }), 'replica'))
  await flipByte(here.volumes.pathOf({ kind: 'piece', pieceCid }))
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['1'])
  expect(readdirSync(join(here.folder, 'pieces'))).toEqual([`${pieceCid}.car`])
  const place = here.volumes.pathOf({ kind: 'sector', number: 1 })
  expect(here.alerts.list()).toMatchObject([
    { code: 'COPY_DIFFERS', subject: sector, message: expect.stringContaining(place) },
    { code: 'COPY_DIFFERS', subject: piece },
  ])
  // One is mended where it was moved to, the other is removed by its owner.
  await flipByte(join(place, 'replica'))
  await rm(piece)
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  expect([here.alerts.list(), existsSync(sector)]).toEqual([[], false])
})

test('what is moved back removes nothing of what lay there before', async () => {
  const { here, pieceCid } = await movedFromHome('back')
  await flipByte(here.volumes.pathOf({ kind: 'piece', pieceCid }))
  here.homeRoles = volumeRoles
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.tidy()
  const [aside] = readdirSync(join(here.folder, 'pieces', 'aside'))
  expect(readFileSync(join(here.folder, 'pieces', 'aside', aside!))).toEqual(here.pieces.get(pieceCid))
})

test('where another disk is in the place of the one that something was moved from, nothing is removed', async () => {
  const here = await world('swapped')
  here.homeRoles = []
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? volumeRoles : [] }))
  await here.addSector()
  await here.addPiece()
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 1 ? volumeRoles : [] }))
  await here.tidy()
  const [pieceCid] = here.pieces.keys()
  const a = join(here.folder, 'a')
  renameSync(a, `${a}.unplugged`)
  await mkdir(a)
  await makeVolume(a, '0x02', 'there')
  await cp(sealed.dir, join(a, 'sectors', '1'), { recursive: true })
  await writeFile(join(a, 'pieces', `${pieceCid}.car`), here.pieces.get(pieceCid!)!)
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect([readdirSync(join(a, 'sectors')), readdirSync(join(a, 'pieces'))]).toEqual([['1'], [`${pieceCid}.car`]])
  expect(here.lost()).toEqual([])
})

test('a folder that two volumes name is one copy, not two', async () => {
  const here = await world('twice')
  const a = join(here.folder, 'a')
  for (const name of ['sectors', 'pieces']) {
    await rm(join(here.folder, name), { recursive: true })
    await symlink(join(a, name), join(here.folder, name))
  }
  here.restart()
  await here.addSector()
  await here.addPiece()
  here.restart()
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(here.lost()).toEqual([])
})

test('what is over soon after it was moved does not stay where it lay', async () => {
  const { here, pieceCid } = await movedFromHome('over')
  await here.retire()
  await rm(here.volumes.pathOf({ kind: 'piece', pieceCid }))
  here.pieces.delete(pieceCid)
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  const folders = ['sectors', 'pieces'].map((name) => join(here.folder, name))
  // Kept for a month: it may be the sounder one of the two.
  expect(folders.map((folder) => readdirSync(folder))).toEqual([['aside'], ['aside']])
})

test('what comes back with a volume that is drained goes on to others, and what is over goes aside', async () => {
  const here = await world('returned')
  const [a] = here.others
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? volumeRoles : [] }))
  here.homeRoles = []
  for (let count = 0; count < 2; count++) await here.addSector()
  here.vanish(a!.path)
  here.restart()
  here.store.move(1, 'proving', { state: 'expired', cleaned: false })
  here.store.move(1, 'expired', { state: 'expired', cleaned: true })
  here.sectors.delete(1)
  here.comeBack()
  here.homeRoles = volumeRoles
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.tidy()
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(a!.path, 'sectors'))).toEqual(['aside'])
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['2'])
  expect(here.lost()).toEqual([])
})

test('a piece that is being sealed stays where its sealing was told that it lies', async () => {
  const { here, pieceCid } = await movedFromHome('sealing')
  const piece = { dealId: 1, agreementId: '0x01', pieceCid, payloadSize: 127, paddedSize: 128, publishedAt: 1 }
  const pieces = [{ ...piece, endsBy: 900, offset: 0 }]
  here.store.adopt({ number: 90, openedAtMs: 0, pieces, phase: { state: 'sealing', ticket: null } })
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(here.folder, 'pieces'))).toEqual([`${pieceCid}.car`])
  here.store.move(90, 'sealing', { state: 'failed', code: 'TICKET_EXPIRED', message: '', cleaned: true })
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(here.folder, 'pieces'))).toEqual([])
})

test("another provider's sector under the number of one that is over is not touched", async () => {
  const here = await world('foreign')
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.addSector()
  here.store.move(1, 'proving', { state: 'expired', cleaned: true })
  here.providerId = 1_001
  here.homeRoles = []
  await here.tidy()
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['1'])
  here.providerId = 1_000
  await here.tidy()
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['aside'])
})

test('what is damaged is not moved while it is made again', async () => {
  const here = await world('being-mended')
  await here.addSector()
  const { path } = here.others[0]!
  here.homeRoles = []
  here.others = here.others.map((each) => ({ ...each, roles: each.path === path ? volumeRoles : [] }))
  here.damaged.add('sector 1')
  const before = here.volumes.pathOf({ kind: 'sector', number: 1 })
  here.others = here.others.map((each) => ({ ...each, roles: before.startsWith(each.path) ? [] : volumeRoles }))
  await here.tidy()
  expect(here.volumes.pathOf({ kind: 'sector', number: 1 })).toBe(before)
  here.damaged.clear()
  await here.tidy()
  expect(here.volumes.pathOf({ kind: 'sector', number: 1 })).not.toBe(before)
})
