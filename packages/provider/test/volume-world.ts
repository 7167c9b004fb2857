/** For tests of what becomes of files on volumes: a home with two of them, and what must not be lost there. */
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPieceHasher } from '@granary/proofs/piece'
import { profileNamed } from '@granary/proofs/profile'
import { pieceCidV2 } from '@granary/proofs/verify'
import { createAlerts } from '../src/alerts.ts'
import { createSectorStore, type SectorStore } from '../src/sectors/store.ts'
import { createVolumes } from '../src/storage/create-volumes.ts'
import { createKeyedLock } from '../src/storage/keyed-lock.ts'
import { nameOf, type StoredItem } from '../src/storage/stored-item.ts'
import { makeVolume } from '../src/storage/volume-record.ts'
import { type VolumeConfig, type Volumes, volumeRoles } from '../src/storage/volumes.ts'
import { tidyVolumes } from '../src/work/tidy-volumes.ts'
import { sealSectors, type TestSector } from './sealed-sectors.ts'

/** The sector that all of a world are copies of. */
export async function sealOne(folder: string): Promise<TestSector> {
  const profile = profileNamed('2KiB-test')
  return (await sealSectors(folder, { profile, provider: 1_000, numbers: [1] }))[0]!
}

/** A home and two volumes, what is needed on them, and a clock. */
export class VolumeWorld {
  readonly folder: string
  readonly sealed: TestSector
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

  private constructor(folder: string, sealed: TestSector) {
    this.folder = folder
    this.sealed = sealed
  }

  static async begin(folder: string, sealed: TestSector): Promise<VolumeWorld> {
    const world = new VolumeWorld(folder, sealed)
    for (const name of ['sectors', 'pieces', 'staging']) await mkdir(join(folder, name), { recursive: true })
    for (const name of ['a', 'b']) {
      const path = join(folder, name)
      await mkdir(path)
      world.others.push({ path, id: (await makeVolume(path, '0x01', 'here')).id, roles: volumeRoles, weight: 1 })
    }
    world.restart()
    return world
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
    await cp(this.sealed.dir, room.path, { recursive: true })
    const phase = {
      state: 'proving',
      commR: this.sealed.commR,
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
    await cp(this.sealed.dir, unknown, { recursive: true })
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
    return readdirSync(this.sealed.dir).every(
      (name) =>
        existsSync(join(path, name)) &&
        readFileSync(join(path, name)).equals(readFileSync(join(this.sealed.dir, name))),
    )
  }
}

export async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[100]! ^= 1
  await writeFile(path, bytes)
}
