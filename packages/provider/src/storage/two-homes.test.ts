/** Two homes, or two copies of one, that name the same volume: neither takes what the other has there for nobody's. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createAlerts } from '../alerts.ts'
import { createPieceFiles, type PieceFiles } from '../deals/piece-files.ts'
import { createUploadChecks } from '../uploads/upload-checks.ts'
import { createUploadStore } from '../uploads/upload-store.ts'
import { createVolumes } from './create-volumes.ts'
import { providerFolders } from './folders.ts'
import { createKeyedLock } from './keyed-lock.ts'
import { ASIDE_KEEP_MS, sweepAside } from './set-aside.ts'
import { holdVolume, makeVolume, readVolumeRecord } from './volume-record.ts'
import { type VolumeConfig, type Volumes, volumeRoles } from './volumes.ts'

const OWNER = `0x${'01'.repeat(20)}`
let root: string
let disk: VolumeConfig
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-homes-'))
  const path = join(root, 'disk')
  await mkdir(path)
  disk = { path, id: (await makeVolume(path, OWNER, undefined)).id, roles: volumeRoles, weight: 1 }
})
afterEach(() => rm(root, { recursive: true }))

/** A process of a home that needs these pieces, as it starts. */
async function start(
  homeId: string,
  pieces: readonly string[],
): Promise<{ readonly volumes: Volumes; readonly files: PieceFiles }> {
  const folders = providerFolders(join(root, homeId))
  for (const name of ['sectors', 'pieces', 'staging'] as const) await mkdir(folders[name], { recursive: true })
  const volumes = createVolumes(folders, () => ({ homeRoles: [], volumes: [disk], diskReserveBytes: 0 }), { homeId })
  const uploads = createUploadStore(new DatabaseSync(':memory:'))
  const deals = {
    stagedPieces: () => [],
    pieceMoved: () => {},
    hasPiece: (pieceCid: string) => pieces.includes(pieceCid),
    dropPieceIfUnused: (pieceCid: string) => !pieces.includes(pieceCid),
    pieceCids: () => [...pieces],
  }
  const files = createPieceFiles({ volumes, deals, uploads, checks: createUploadChecks(), lock: createKeyedLock() })
  await files.recover()
  return { volumes, files }
}

async function store({ files }: { readonly files: PieceFiles }, pieceCid: string): Promise<string> {
  using room = await files.reserve(pieceCid, 1)
  await writeFile(room.path, 'the only copy')
  return room.path
}

/** As the sweep does, a month later. */
async function sweepLater({ volumes }: { readonly volumes: Volumes }): Promise<void> {
  await sweepAside(
    await volumes.heldFolders('piece'),
    createAlerts(() => {}),
    Date.now() + ASIDE_KEEP_MS + 1,
  )
}

test('two homes of one owner on one volume lose nothing of each other', async () => {
  const one = await start('one', ['baga'])
  const path = await store(one, 'baga')
  const two = await start('two', ['bagb'])
  await sweepLater(two)
  await sweepLater(one)
  expect(existsSync(path)).toBe(true)
  await expect(two.files.reserve('bagb', 1)).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect([two.volumes.awayFor({ kind: 'piece', pieceCid: 'bagb' }), two.volumes.heldBack()]).toEqual([
    disk.path,
    [{ path: disk.path, why: 'taken' }],
  ])
})

test('of two copies of one home that run, only the one that was started last writes and removes', async () => {
  const first = await start('one', ['baga'])
  const path = await store(first, 'baga')
  const second = await start('one', ['baga', 'bagb'])
  await store(second, 'bagb')
  // A deal that the other knows nothing of.
  await first.files.recover()
  await sweepLater(first)
  expect(await readdir(join(disk.path, 'pieces'))).toEqual(['baga.car', 'bagb.car'])
  await expect(first.files.reserve('bagc', 1)).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(first.volumes.heldBack()).toEqual([{ path: disk.path, why: 'taken' }])
  // What it has it still reads: its proofs go on, and its sectors are not given up.
  expect([first.volumes.away(), first.files.piecePath('baga')]).toEqual([[], path])
  expect([second.volumes.away(), second.volumes.heldBack()]).toEqual([[], []])
})

test('started again after a kill, a home has its volumes again', async () => {
  await store(await start('one', ['baga']), 'baga')
  const again = await start('one', ['baga'])
  await store(again, 'baga')
  expect(again.volumes.heldBack()).toEqual([])
})

test('a volume that takes no new file, since its disk is full, is had by the run that is started last all the same', async () => {
  // Of a path that leaves no room for a name beside that of the record, the system says no too.
  const rest = 4_070 - root.length
  const path = join(
    root,
    ...Array.from({ length: Math.floor(rest / 201) }, () => 'x'.repeat(200)),
    'y'.repeat((rest % 201) - 1),
  )
  await mkdir(path, { recursive: true })
  const [before, now] = ['1', '2'].map((digit) => digit.repeat(36)) as [string, string]
  const record = { schemaVersion: 1, id: disk.id, owner: OWNER, home: 'one', run: before }
  await writeFile(join(path, 'volume.json'), `${JSON.stringify(record, null, 2)}\n`)
  await holdVolume(path, { home: 'one', run: now })
  expect(readVolumeRecord(path)).toEqual({ ...record, run: now })
  await expect(holdVolume(path, { home: 'two', run: before })).rejects.toThrow('ENAMETOOLONG')
  expect(readVolumeRecord(path)).toEqual({ ...record, run: now })
})
