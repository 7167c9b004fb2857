/** `volume.json` in the folder of a volume: by it the volume is told from the empty folder that its disk is mounted over. */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import * as z from 'zod'

const recordSchema = z.object({
  schemaVersion: z.literal(1),
  id: z.uuid(),
  /** Of the provider whose it is: the sectors of two have the same numbers. */
  owner: z.string(),
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

/** Undefined where there is none that can be read: its disk is not there, or is another one. */
export function readVolumeRecord(path: string): VolumeRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(join(path, 'volume.json'), 'utf8')))
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

/** Writes the record of a known volume anew where it is damaged: the folders of an empty mount point are not there. */
export async function mendVolume(path: string, { id, owner }: Pick<VolumeRecord, 'id' | 'owner'>): Promise<boolean> {
  const { sector, piece } = volumeFolders(path)
  const record = join(path, 'volume.json')
  if (![sector, piece, record].every(existsSync) || readVolumeRecord(path) !== undefined) return false
  await writeRecord(path, { schemaVersion: 1, id, owner })
  return true
}

/** Makes a volume of an empty folder, or takes back what was one of the same owner's. @throws VolumeFolderError VOLUME_REFUSED */
export async function makeVolume(path: string, owner: string): Promise<VolumeRecord> {
  const known = readVolumeRecord(path)
  if (known !== undefined && known.owner !== owner)
    throw new VolumeFolderError(path, `it is a volume of the provider of ${known.owner}`)
  if (known !== undefined) return known
  const names = await readdir(path).catch((error: unknown) => {
    throw new VolumeFolderError(path, 'it cannot be read', error)
  })
  // A disk of its own has this from the beginning.
  const other = names.find((name) => name !== 'lost+found')
  if (other !== undefined) throw new VolumeFolderError(path, `${other} is in it`)
  const { sector, piece } = volumeFolders(path)
  for (const folder of [sector, piece]) await mkdir(folder)
  const record = { schemaVersion: 1 as const, id: randomUUID(), owner }
  // Last: a folder with a record is a whole volume.
  await writeRecord(path, record)
  return record
}

async function writeRecord(path: string, record: VolumeRecord): Promise<void> {
  await writeFileDurably(join(path, 'volume.json'), `${JSON.stringify(record, null, 2)}\n`)
}
