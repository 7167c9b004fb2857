import { existsSync, statfsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createDealStore } from '../deals/deal-store.ts'
import { createPieceFiles } from '../deals/piece-files.ts'
import { createTimeline } from '../deals/timeline.ts'
import { createUploadChecks } from '../uploads/upload-checks.ts'
import { createUploadStore } from '../uploads/upload-store.ts'
import { createVolumes } from './create-volumes.ts'
import { diskLooks, type Looks } from './disk-looks.ts'
import { diskReserve } from './disk-reserve.ts'
import { providerFolders } from './folders.ts'
import { createKeyedLock } from './keyed-lock.ts'
import type { StoredItem } from './stored-item.ts'
import { makeVolume } from './volume-record.ts'
import { rolesMissing, type VolumeConfig, type Volumes, volumeRoles } from './volumes.ts'

const GIB = 1024 ** 3
const OWNER = `0x${'01'.repeat(20)}`
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-volumes-'))
  for (const name of ['sectors', 'pieces', 'staging']) await mkdir(join(root, 'provider', name), { recursive: true })
})
afterEach(() => rm(root, { recursive: true }))

async function volume(name: string, terms: Partial<VolumeConfig> = {}): Promise<VolumeConfig> {
  const path = join(root, name)
  await mkdir(path)
  return { path, id: (await makeVolume(path, OWNER, undefined)).id, roles: volumeRoles, weight: 1, ...terms }
}

function volumesOf(volumes: VolumeConfig[], homeRoles: VolumeConfig['roles'] = [], diskReserveBytes = 0): Volumes {
  return createVolumes(providerFolders(root), () => ({ homeRoles, volumes, diskReserveBytes }), { homeId: 'here' })
}

const sector = (number: number): StoredItem => ({ kind: 'sector', number })
const piece = (pieceCid: string): StoredItem => ({ kind: 'piece', pieceCid })

test('a home of before is one volume, and all of it lies where it lay', async () => {
  const volumes = volumesOf([], volumeRoles)
  expect(volumes.pathOf(sector(7))).toBe(join(root, 'provider', 'sectors', '7'))
  expect(volumes.pathOf(piece('baga'))).toBe(join(root, 'provider', 'pieces', 'baga.car'))
  expect(volumes.pathOf({ kind: 'upload', uploadId: 'up' })).toBe(join(root, 'provider', 'staging', 'up'))
  using room = await volumes.reserve(sector(7), 'sealing', 1)
  expect(room.path).toBe(volumes.pathOf(sector(7)))
})

test('each goes to a volume of its role, and is found there by a later run', async () => {
  const sealing = await volume('ssd', { roles: ['sealing'] })
  const unsealed = await volume('hdd', { roles: ['unsealed', 'replicas'] })
  const volumes = volumesOf([sealing, unsealed])
  using first = await volumes.reserve(sector(1), 'sealing', 1)
  using second = await volumes.reserve(piece('baga'), 'unsealed', 1)
  expect([first.path, second.path]).toEqual([
    join(sealing.path, 'sectors', '1'),
    join(unsealed.path, 'pieces', 'baga.car'),
  ])
  expect(volumes.pathOf(sector(1))).toBe(first.path)
  await mkdir(first.path)
  await writeFile(second.path, 'x')
  const later = volumesOf([sealing, unsealed])
  expect([later.pathOf(sector(1)), later.pathOf(piece('baga'))]).toEqual([first.path, second.path])
  expect(later.misplaced('sector', 'replicas')).toEqual([sector(1)])
})

test('a volume that hangs has nothing on it, is away once it has hung for long, and keeps nobody waiting', async () => {
  const sound = await volume('sound')
  const hanging = await volume('hanging')
  let silentMs = 0
  const configured = { homeRoles: [], volumes: [sound, hanging], diskReserveBytes: 0 }
  const seen = (path: string) => silentMs === 0 || !path.startsWith(hanging.path)
  const looks: Looks = {
    exists: (path) => seen(path) && diskLooks.exists(path),
    text: (path) => (seen(path) ? diskLooks.text(path) : undefined),
    isWritable: (path) => seen(path) && diskLooks.isWritable(path),
    names: (path) => (seen(path) ? diskLooks.names(path) : []),
    room: (path) => (seen(path) ? diskLooks.room(path) : { bytes: 0, freeBytes: 0, device: -1 }),
    file: (path) => (seen(path) ? diskLooks.file(path) : undefined),
    silentMs: (path) => (path.startsWith(hanging.path) ? silentMs : 0),
  }
  for (const [{ path }, number] of [
    [sound, '1'],
    [hanging, '2'],
  ] as const)
    await mkdir(join(path, 'sectors', number))
  const volumes = createVolumes(providerFolders(root), () => configured, { homeId: 'here', looks })
  expect(volumes.pathOf(sector(2))).toBe(join(hanging.path, 'sectors', '2'))
  silentMs = 9_999
  expect([volumes.awayFor(sector(1)), volumes.awayFor(sector(2)), volumes.away()]).toEqual([
    undefined,
    hanging.path,
    [],
  ])
  expect([volumes.isSilent(sector(1)), volumes.isSilent(sector(2))]).toEqual([false, true])
  expect(existsSync(volumes.pathOf(sector(2)))).toBe(false)
  expect(volumes.pathOf(sector(2))).not.toContain(hanging.path)
  expect(volumes.pathOf(sector(1))).toBe(join(sound.path, 'sectors', '1'))
  using room = await volumes.reserve(sector(3), 'sealing', 1)
  expect(room.path).toContain(sound.path)
  expect(volumes.freeBytes(0)).toBeGreaterThan(0)
  silentMs = 10_000
  expect([volumes.away(), volumes.isSilent(sector(2))]).toEqual([[hanging.path], false])
  silentMs = 0
  expect([volumes.away(), volumes.awayFor(sector(2))]).toEqual([[], undefined])
  expect(volumes.pathOf(sector(2))).toBe(join(hanging.path, 'sectors', '2'))
})

test('a disk that answers while it is taken to be silent is not away', async () => {
  const waking = await volume('waking')
  let looksLeft = 1
  const looks: Looks = {
    ...diskLooks,
    // The answer comes after this look was given up, and before anybody asks how long it has been silent.
    text: (path) => (path.startsWith(waking.path) && looksLeft-- > 0 ? undefined : diskLooks.text(path)),
    silentMs: () => 0,
  }
  const configured = { homeRoles: [], volumes: [waking], diskReserveBytes: 0 }
  const volumes = createVolumes(providerFolders(root), () => configured, { homeId: 'here', looks })
  expect(volumes.away()).toEqual([])
})

test('of volumes with the same room that with the greater weight takes it', async () => {
  const light = await volume('a')
  const heavy = await volume('b', { weight: 2 })
  using room = await volumesOf([light, heavy]).reserve(sector(1), 'sealing', 1)
  expect(room.path).toBe(join(heavy.path, 'sectors', '1'))
})

test('what is kept for one is not there for another, until it is let go', async () => {
  const { bavail, bsize } = statfsSync(root)
  const half = Math.floor(bavail * bsize * 0.6)
  const volumes = volumesOf([await volume('a'), await volume('b')])
  {
    using room = await volumes.reserve(sector(1), 'sealing', half)
    expect(existsSync(room.path)).toBe(false)
    // Two volumes of one disk have its room once.
    await expect(volumes.reserve(sector(2), 'sealing', half)).rejects.toMatchObject({ code: 'DISK_FULL' })
  }
  using room = await volumes.reserve(sector(2), 'sealing', half)
  expect(room.path).toMatch(/sectors\/2$/)
})

test('no disk is filled beyond its reserve, and no volume beyond its capacity', async () => {
  const { bavail, bsize } = statfsSync(root)
  const reserved = volumesOf([], volumeRoles, bavail * bsize - GIB / 2)
  await expect(reserved.reserve(sector(1), 'sealing', GIB)).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringContaining('beside the reserve'),
  })
  const small = await volume('small', { capacityBytes: 100_000 })
  const volumes = volumesOf([small])
  await writeFile(join(small.path, 'pieces', 'there.car'), Buffer.alloc(60_000, 1))
  await expect(volumes.reserve(piece('more'), 'unsealed', 40_000)).rejects.toMatchObject({ code: 'DISK_FULL' })
  using room = await volumes.reserve(piece('less'), 'unsealed', 20_000)
  expect(room.path).toBe(join(small.path, 'pieces', 'less.car'))
})

test('by default two gibibytes of a disk are kept, and of a small one two fifths', () => {
  const { blocks, bsize } = statfsSync(root)
  expect(diskReserve(root, undefined)).toBe(Math.min(2 * GIB, Math.floor((blocks * bsize * 2) / 5)))
  expect(diskReserve(root, 7)).toBe(7)
})

test('what is sold is what the volumes of each role have: no pieces where only replicas may go', async () => {
  const replicas = await volume('a', { roles: ['replicas', 'sealing'] })
  expect(volumesOf([replicas]).freeBytes(0)).toBe(0)
  expect(volumesOf([replicas], ['unsealed']).freeBytes(0)).toBeGreaterThan(0)
})

test('what is sold leaves the room in which a sector is sealed: nothing where none could be', async () => {
  const small = await volume('a', { roles: ['sealing'], capacityBytes: 10_000_000 })
  const large = await volume('b', { roles: ['replicas', 'unsealed'], capacityBytes: 90_000_000 })
  const all = await volume('c', { capacityBytes: 100_000_000 })
  const sold = async (volumes: Volumes, sealBytes: number): Promise<number> => {
    await volumes.usage()
    return Math.round(volumes.freeBytes(sealBytes) / 1_000_000)
  }
  expect(await sold(volumesOf([large]), 0)).toBe(0)
  expect([
    await sold(volumesOf([small, large]), 11_000_000),
    rolesMissing({ homeRoles: [], volumes: [large] }),
  ]).toEqual([0, ['sealing']])
  expect(await sold(volumesOf([all]), 101_000_000)).toBe(0)
  const volumes = volumesOf([all])
  expect(await sold(volumes, 30_000_000)).toBe(70)
  // What is being sealed has that room.
  using _ = await volumes.reserve(sector(1), 'sealing', 30_000_000)
  expect(await sold(volumes, 30_000_000)).toBe(70)
})

test('who finds no room is told whether others are writing there, who may leave some', async () => {
  const volumes = volumesOf([await volume('a')])
  const most = Number.MAX_SAFE_INTEGER
  await expect(volumes.reserve(sector(2), 'sealing', most)).rejects.toMatchObject({ isTaken: false })
  using _ = await volumes.reserve(sector(1), 'sealing', 1)
  await expect(volumes.reserve(sector(2), 'sealing', most)).rejects.toMatchObject({ isTaken: true })
})

test('of a volume that is not mounted its mount point takes nothing, and what lay there is known to be away', async () => {
  const disk = await volume('disk')
  const volumes = volumesOf([disk], volumeRoles)
  await mkdir(join(disk.path, 'sectors', '1'))
  expect(volumes.pathOf(sector(1))).toBe(join(disk.path, 'sectors', '1'))
  await rename(disk.path, `${disk.path}.gone`)
  await mkdir(disk.path)
  expect([volumes.away(), volumes.awayFor(sector(1))]).toEqual([[disk.path], disk.path])
  using room = await volumes.reserve(sector(2), 'sealing', 1)
  expect(room.path).toBe(join(root, 'provider', 'sectors', '2'))
  expect(volumes.foldersOf('sector')).toEqual([join(root, 'provider', 'sectors')])
  await rm(disk.path, { recursive: true })
  await rename(`${disk.path}.gone`, disk.path)
  expect([volumes.away(), volumes.awayFor(sector(1))]).toEqual([[], undefined])
})

test('another disk in the place of a volume is not taken for it', async () => {
  const disk = await volume('disk')
  const other = await volume('other')
  await rename(disk.path, `${disk.path}.before`)
  await rename(other.path, disk.path)
  expect(volumesOf([disk]).away()).toEqual([disk.path])
})

test('a piece that is over while its volume is away is removed from no other disk in its place', async () => {
  const disk = await volume('disk')
  const volumes = volumesOf([disk])
  const path = join(disk.path, 'pieces', 'baga.car')
  await writeFile(path, 'x')
  expect(volumes.pathOf(piece('baga'))).toBe(path)
  await rename(disk.path, `${disk.path}.before`)
  await mkdir(disk.path)
  await makeVolume(disk.path, OWNER, undefined)
  await writeFile(path, 'x')
  const db = new DatabaseSync(':memory:')
  const uploads = createUploadStore(db)
  const deals = { ...createDealStore(db, createTimeline(db)), dropPieceIfUnused: () => true }
  const files = createPieceFiles({ volumes, uploads, deals, checks: createUploadChecks(), lock: createKeyedLock() })
  await files.dropIfUnused('baga', async () => {})
  expect(existsSync(path)).toBe(true)
})

test('what a kill has left of a move is removed, and nothing else', async () => {
  const disk = await volume('disk')
  const volumes = volumesOf([disk])
  for (const name of ['moving-1', '2']) await mkdir(join(disk.path, 'sectors', name))
  for (const name of ['moving-baga.car', 'bagb.car']) await writeFile(join(disk.path, 'pieces', name), 'x')
  await volumes.dropUnfinished()
  expect([await readdir(join(disk.path, 'sectors')), await readdir(join(disk.path, 'pieces'))]).toEqual([
    ['2'],
    ['bagb.car'],
  ])
})

test('of a sector that lies twice that which has come further is used', async () => {
  const [first, second] = [await volume('a'), await volume('b')]
  for (const [{ path }, state] of [
    [first, 'sealing'],
    [second, 'finalized'],
  ] as const) {
    await mkdir(join(path, 'sectors', '1'))
    await writeFile(join(path, 'sectors', '1', 'manifest.json'), JSON.stringify({ state }))
  }
  expect(volumesOf([first, second]).pathOf(sector(1))).toBe(join(second.path, 'sectors', '1'))
})

test('a folder that something is in, or that is of another provider, is no volume; one that was a volume is it again', async () => {
  const { path, id } = await volume('a')
  expect((await makeVolume(path, OWNER, undefined)).id).toBe(id)
  await expect(makeVolume(path, `0x${'02'.repeat(20)}`, undefined)).rejects.toMatchObject({ code: 'VOLUME_REFUSED' })
  await mkdir(join(root, 'full'))
  await writeFile(join(root, 'full', 'photo.jpg'), '')
  await expect(makeVolume(join(root, 'full'), OWNER, undefined)).rejects.toMatchObject({ code: 'VOLUME_REFUSED' })
  await expect(makeVolume(join(root, 'missing'), OWNER, undefined)).rejects.toMatchObject({ code: 'VOLUME_REFUSED' })
})
