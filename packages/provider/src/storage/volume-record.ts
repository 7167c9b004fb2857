/** `volume.json` in the folder of a volume: by it the volume is told from the empty folder that its disk is mounted over. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import * as z from 'zod'
import { type DiskLooks, diskLooks } from './disk-looks.ts'

const recordSchema = z.object({
  schemaVersion: z.literal(1),
  id: z.uuid(),
  /** Of the provider whose it is: the sectors of two have the same numbers. */
  owner: z.string(),
  /** The home that uses it: another one of the same owner would take what lies there for nobody's. Undefined: none yet. */
  home: z.string().min(1).optional(),
  /** The process of that home that writes to it: of two, since the home was copied, the one that was started last. */
  run: z.string().optional(),
})

export type VolumeRecord = z.infer<typeof recordSchema>

export class VolumeFolderError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'VOLUME_REFUSED',
      message: `${path} cannot be a volume: ${why}`,
      hint: 'name an empty folder on the disk, or one that has been a volume before',
      details: { path },
      cause,
    })
  }
}

/** VOLUME_FOREIGN: nothing was read from it or written to it. */
export class VolumeForeignError extends GranaryError {
  constructor(path: string, home: string, own: string | undefined) {
    super({
      code: 'VOLUME_FOREIGN',
      message: `${path} is a volume of the home ${home}, this is ${own ?? 'one that has not run yet'}`,
      hint: 'two homes cannot share a volume: name another folder, or forget this one (`granary provider volumes detach`). If the other home is gone for good, `granary provider rebuild --volume` with its path takes it over, with all that lies on it',
      details: { path, home },
    })
  }
}

/** Undefined where there is none that can be read: its disk is not there, or is another one. */
export function readVolumeRecord(path: string, looks: DiskLooks = diskLooks): VolumeRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(looks.text(recordPath(path)) ?? ''))
  } catch {
    return undefined
  }
}

export interface VolumeFolders {
  readonly sector: string
  readonly piece: string
  readonly upload: string
}

export function volumeFolders(path: string): VolumeFolders {
  return { sector: join(path, 'sectors'), piece: join(path, 'pieces'), upload: join(path, 'staging') }
}

/** @throws VolumeForeignError VOLUME_FOREIGN for a volume that another home has */
export function requireOwnVolumes(
  volumes: readonly { readonly path: string; readonly id: string }[],
  homeId: string,
  looks: DiskLooks,
): void {
  for (const { path, id } of volumes) {
    const { id: found, home } = readVolumeRecord(path, looks) ?? {}
    if (found === id && home !== undefined && home !== homeId) throw new VolumeForeignError(path, home, homeId)
  }
}

/** From now on this process of that home writes to it, and no other. @throws what writing throws */
export async function holdVolume(
  path: string,
  { home, run }: { home: string; run: string },
  looks: DiskLooks = diskLooks,
): Promise<void> {
  const record = readVolumeRecord(path, looks)
  if (record === undefined) return
  try {
    await writeRecord(path, { ...record, home, run })
  } catch (error) {
    if (record.home !== home || !(await overwriteRun(path, record.run, run))) throw error
  }
}

/**
 * On a disk that is full, which would stay full if nothing could be removed from it: in the place of the one before. That takes
 * no room, and whatever of it is written, the record is whole.
 */
async function overwriteRun(path: string, before: string | undefined, run: string): Promise<boolean> {
  if (before?.length !== run.length) return false
  await using file = await open(recordPath(path), 'r+')
  const named = Buffer.from(`"run": "${before}"`)
  const at = (await file.readFile()).indexOf(named)
  if (at === -1) return false
  await file.write(run, at + named.length - 1 - run.length)
  await file.sync()
  return true
}

/** No home's any more: what was its home has nothing on it. */
export async function releaseVolume(path: string): Promise<void> {
  const record = readVolumeRecord(path)
  if (record !== undefined) await writeRecord(path, { ...record, home: undefined, run: undefined })
}

/** From a home that is gone: whatever of it still runs writes no more. @throws VolumeFolderError VOLUME_REFUSED */
export async function takeVolumeOver(path: string, owner: string, home: string): Promise<VolumeRecord> {
  const record = readVolumeRecord(path)
  if (record === undefined) throw new VolumeFolderError(path, 'it has no record of one (volume.json)')
  if (record.owner !== owner) throw new VolumeFolderError(path, `it is a volume of the provider of ${record.owner}`)
  const taken = { ...record, home, run: undefined }
  await writeRecord(path, taken)
  return taken
}

/** Writes the record of a known volume anew where it is damaged: the folders of an empty mount point are not there. */
export async function mendVolume(
  path: string,
  { id, owner, home }: Omit<VolumeRecord, 'schemaVersion'>,
): Promise<boolean> {
  const { sector, piece } = volumeFolders(path)
  if (![sector, piece, recordPath(path)].every(existsSync) || readVolumeRecord(path) !== undefined) return false
  await writeRecord(path, { schemaVersion: 1, id, owner, home })
  return true
}

/**
 * Makes a volume of an empty folder, or takes back what was one of the same home's.
 * @param home undefined: it has never run, and has the volume once it does
 * @throws VolumeFolderError VOLUME_REFUSED, VolumeForeignError VOLUME_FOREIGN
 */
export async function makeVolume(path: string, owner: string, home: string | undefined): Promise<VolumeRecord> {
  const known = readVolumeRecord(path)
  if (known !== undefined && known.owner !== owner)
    throw new VolumeFolderError(path, `it is a volume of the provider of ${known.owner}`)
  if (known?.home !== undefined && known.home !== home) throw new VolumeForeignError(path, known.home, home)
  if (known !== undefined) {
    if (known.home !== home) await writeRecord(path, { ...known, home })
    return { ...known, home }
  }
  const names = await readdir(path).catch((error: unknown) => {
    throw new VolumeFolderError(path, 'it cannot be read', error)
  })
  // A disk of its own has this from the beginning.
  const other = names.find((name) => name !== 'lost+found')
  if (other !== undefined) throw new VolumeFolderError(path, `${other} is in it`)
  const { sector, piece } = volumeFolders(path)
  for (const folder of [sector, piece]) await mkdir(folder)
  const record = { schemaVersion: 1 as const, id: randomUUID(), owner, home }
  // Last: a folder with a record is a whole volume.
  await writeRecord(path, record)
  return record
}

async function writeRecord(path: string, record: VolumeRecord): Promise<void> {
  await writeFileDurably(recordPath(path), `${JSON.stringify(record, null, 2)}\n`)
}

function recordPath(path: string): string {
  return join(path, 'volume.json')
}
