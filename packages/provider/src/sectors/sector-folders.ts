/** The folders of sectors as they lie on the disk, whatever the store says; and the one way in which one of them goes. */
import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fromHex, GranaryError, toHex } from '@granary/base'
import { readSector, type Sector } from '@granary/proofs/seal'
import type { Alerts } from '../alerts.ts'
import { setAside } from '../storage/set-aside.ts'
import type { Volumes } from '../storage/volumes.ts'
import { readSectorRecord } from './sector-record.ts'

export interface SectorFolder {
  readonly number: number
  readonly dir: string
  /** Undefined when there is no manifest in it that can be read. */
  readonly sector: Sector | undefined
}

/** Of all folders that a sector's number names, where that can be read. */
export async function listSectorFolders({ volumes }: Pick<FolderOwner, 'volumes'>): Promise<SectorFolder[]> {
  const dirs: string[] = []
  for (const folder of volumes.foldersOf('sector')) {
    const names = (await readdir(folder).catch((): string[] => [])).filter((name) => /^(0|[1-9]\d{0,14})$/.test(name))
    dirs.push(...names.map((name) => join(folder, name)))
  }
  // One that its disk does not give is damaged, and keeps none of the others from being proven.
  const read = (dir: string) => readSector(dir).catch(() => undefined)
  return Promise.all(dirs.map(async (dir) => ({ number: Number(basename(dir)), dir, sector: await read(dir) })))
}

export interface FolderOwner {
  readonly volumes: Volumes
  readonly providerId: number
  readonly alerts: Alerts
}

/** Why the folder of a sector that is over is kept, and what is to be done about it. */
interface Keeping {
  readonly why: string
  readonly hint: string
}

export const forgotten: Keeping = {
  why: 'the chain was rolled back behind its deals',
  hint: 'there is nothing to do: the deals are sealed again once they are published again',
}

export const onlyCopy: Keeping = {
  why: 'a piece of it is damaged and could not be made again from it',
  hint: 'look at the disk; its client can send the piece again: `granary put --again` of the same file',
}

/** Not one whose sealing was never finished: that is no copy of anything. */
export async function holdsReplica({ volumes }: Pick<FolderOwner, 'volumes'>, number: number): Promise<boolean> {
  const found = await readIfThere(volumes.pathOf({ kind: 'sector', number }))
  return found !== undefined && found.state !== 'sealing'
}

/** The work of it is lost; what it made is kept for a month all the same. */
export async function keepSectorFolder(
  { volumes, alerts }: FolderOwner,
  number: number,
  { why, hint }: Keeping,
): Promise<void> {
  const dir = volumes.pathOf({ kind: 'sector', number })
  if ((await readIfThere(dir)) === undefined) return
  const path = await setAside(dir)
  alerts.raise({
    code: 'SET_ASIDE',
    subject: path,
    message: `sector ${number} is over, and ${why}: its folder was moved to ${path} and is kept for a month`,
    hint,
  })
}

/**
 * Removes the folder of a sector that is over, if it is that sector's: one with another sector's manifest is not touched,
 * one without a manifest is set aside.
 * @param ticket 0x hex; undefined where it does not matter any more, since the chain knew the sector
 */
export async function removeSectorFolder(
  { volumes, providerId, alerts }: FolderOwner,
  number: number,
  ticket?: string,
): Promise<void> {
  const dir = volumes.pathOf({ kind: 'sector', number })
  const files = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (files === undefined) return
  const sector = (await readIfThere(dir)) ?? (await unbegun(dir))
  if (sector === undefined && files.length > 0) {
    const path = await setAside(dir)
    alerts.raise({
      code: 'SET_ASIDE',
      subject: path,
      message: `sector ${number} is over and its folder has no manifest: it was moved to ${path} and is kept for a month`,
      hint: 'if you miss something, look there; if not, there is nothing to do',
    })
    return
  }
  if (sector !== undefined && !isOf(sector, providerId, number, ticket)) {
    alerts.raise({
      code: 'SECTOR_FOLDER_FOREIGN',
      subject: dir,
      message: `${dir} holds sector ${sector.sectorNumber} of provider ${sector.provider}, sealed with another ticket than ours: it was not touched`,
      hint: 'stop the provider and move the folder where it belongs',
    })
    return
  }
  await rm(dir, { recursive: true, force: true })
  await volumes.changed({ kind: 'sector', number })
}

type Identity = Pick<Sector, 'provider' | 'sectorNumber' | 'ticket'>

/** A sector of which nothing but our own note has been written. */
async function unbegun(dir: string): Promise<Identity | undefined> {
  const record = await readSectorRecord(dir)
  if (record === undefined) return undefined
  const ticket = fromHex(record.ticket.randomness)
  return { provider: record.provider, sectorNumber: record.number, ticket }
}

function isOf(sector: Identity, providerId: number, number: number, ticket: string | undefined): boolean {
  if (sector.provider !== providerId || sector.sectorNumber !== number) return false
  return ticket === undefined || ticket === toHex(sector.ticket)
}

async function readIfThere(dir: string): Promise<Sector | undefined> {
  try {
    return await readSector(dir)
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'MANIFEST_INVALID') return undefined
    throw error
  }
}
