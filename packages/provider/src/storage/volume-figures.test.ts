/** What is known of the bytes on a volume without walking it each time: as `du` counts them. */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createVolumes } from './create-volumes.ts'
import { providerFolders } from './folders.ts'
import type { StoredItem } from './stored-item.ts'
import { makeVolume } from './volume-record.ts'
import { type VolumeConfig, type Volumes, volumeRoles } from './volumes.ts'

const MIB = 1024 ** 2
const MINUTE_MS = 60_000
let root: string
let disks: VolumeConfig[]
let volumes: Volumes
let nowMs: number

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-figures-'))
  const folders = providerFolders(root)
  for (const name of ['sectors', 'pieces', 'staging'] as const) await mkdir(folders[name], { recursive: true })
  nowMs = 1e12
  disks = []
  for (const name of ['a', 'b']) {
    const path = join(root, name)
    await mkdir(path)
    const { id } = await makeVolume(path, '0x01', 'here')
    disks.push({ path, id, roles: volumeRoles, weight: 1, capacityBytes: 8 * MIB })
  }
  const config = () => ({ homeRoles: [], volumes: disks, diskReserveBytes: 0 })
  volumes = createVolumes(folders, config, { homeId: 'here', nowMs: () => nowMs })
})
afterEach(() => rm(root, { recursive: true }))

const sector = (number: number): StoredItem => ({ kind: 'sector', number })

async function seal(number: number, bytes: number): Promise<void> {
  using room = await volumes.reserve(sector(number), 'sealing', bytes)
  await mkdir(room.path)
  await writeFile(join(room.path, 'replica'), Buffer.alloc(bytes, 1))
}

/** What it says of each volume, against `du`. */
async function expectAsDu(): Promise<void> {
  for (const { path, bytes } of await volumes.usage())
    for (const [kind, name] of [
      ['sector', 'sectors'],
      ['piece', 'pieces'],
    ] as const) {
      const folder = join(path === root ? providerFolders(root).root : path, name)
      const counted = Number(execFileSync('du', ['-s', '-B1', folder]).toString().split('\t')[0])
      expect(Math.abs(bytes[kind] - counted)).toBeLessThanOrEqual(counted / 100)
    }
}

/** Until what is counted in the background is. */
async function settled(): Promise<void> {
  for (let count = 0; count < 50; count++) await sleep(2)
}

test('what is written, moved and removed is counted as du counts it, without a walk', async () => {
  await volumes.usage()
  for (let number = 1; number <= 6; number++) await seal(number, MIB / 2)
  using room = await volumes.reserve({ kind: 'piece', pieceCid: 'baga' }, 'unsealed', MIB)
  await writeFile(room.path, Buffer.alloc(MIB, 1))
  room[Symbol.dispose]()
  await settled()
  await expectAsDu()
  await volumes.stage('ab', 1_000)
  await writeFile(volumes.pathOf({ kind: 'upload', uploadId: 'ab' }), Buffer.alloc(1_000))
  await volumes.settle('ab', 'bagb')
  disks = disks.map((each, at) => (at === 0 ? { ...each, roles: [] } : { ...each, capacityBytes: 16 * MIB }))
  for (const item of volumes.misplaced('sector', 'replicas')) await volumes.move(item, 'replicas', () => true)
  nowMs += 11 * MINUTE_MS
  await volumes.sweepMoved(async () => 'spare')
  const path = volumes.pathOf(sector(1))
  await rm(path, { recursive: true })
  await volumes.changed(sector(1))
  await settled()
  await expectAsDu()
})

test('what others change is counted by a walk in the background, and at once where there is no room without it', async () => {
  await volumes.usage()
  const foreign = join(disks[0]!.path, 'sectors', 'photos')
  await writeFile(foreign, Buffer.alloc(4 * MIB, 1))
  nowMs += 11 * MINUTE_MS
  await volumes.usage()
  await settled()
  await expectAsDu()
  disks = disks.slice(0, 1)
  await rm(foreign)
  nowMs += 2 * MINUTE_MS
  // The figure that is kept would refuse it.
  await seal(1, 6 * MIB)
  await settled()
  await expectAsDu()
})

test('of two that ask at once for the rest of a capacity one has it', async () => {
  disks = disks.slice(0, 1)
  const asked = await Promise.allSettled([1, 2].map((number) => volumes.reserve(sector(number), 'sealing', 5 * MIB)))
  expect(asked.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

test('what a capacity leaves is what is sold, and an upload has its part of it from the beginning', async () => {
  disks = disks.slice(0, 1)
  await volumes.usage()
  expect(volumes.freeBytes(0)).toBeLessThanOrEqual(8 * MIB)
  await volumes.stage('ab', 5 * MIB)
  await expect(volumes.stage('cd', 5 * MIB)).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(volumes.roomOf('ab')).toBeGreaterThan(5 * MIB)
  volumes.unstage('ab')
  await volumes.stage('cd', 5 * MIB)
})

test('a disk that vanishes with room kept on it stops nobody who asks what is free', async () => {
  using _ = await volumes.reserve(sector(1), 'sealing', MIB)
  await rm(disks[0]!.path, { recursive: true })
  await rm(disks[1]!.path, { recursive: true })
  expect(volumes.freeBytes(0)).toBe(0)
  await expect(volumes.reserve(sector(2), 'sealing', 1)).rejects.toMatchObject({ code: 'DISK_FULL' })
})
