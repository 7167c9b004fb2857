/**
 * What of a provider is nowhere else: its keys, its configuration, and its store. Pieces and sealed sectors are not in it:
 * they are as large as the disk, and `rebuild` finds them where they lie. A backup is written whole or not at all, and
 * nothing that is in a home is ever overwritten by one.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { GranaryError } from '@granary/base'
import { syncFile, syncFolder, writeFileDurably } from '@granary/base/node'
import * as z from 'zod'
import { HomeMissingError, readConfig } from '../config.ts'
import { makeFolders, type ProviderFolders, providerFolders } from '../storage/folders.ts'
import { openStore } from '../storage/open-store.ts'
import { readVolumeRecord } from '../storage/volume-record.ts'
import { requireStore } from './open-home.ts'

const MANIFEST = 'backup.json'
const STORE = 'provider.sqlite'

const manifestSchema = z.object({
  schemaVersion: z.literal(1),
  madeAt: z.iso.datetime(),
  /** Names of files, with the SHA-256 of each in hex. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
})

export interface BackupReport {
  readonly folder: string
  readonly files: readonly string[]
  readonly madeAt: string
}

export interface RestoreReport extends BackupReport {
  /** Paths of volumes of the configuration that are not there: their disks may be mounted elsewhere now. */
  readonly volumesAway: readonly string[]
}

export class BackupExistsError extends GranaryError {
  constructor(folder: string) {
    super({
      code: 'BACKUP_REFUSED',
      message: `there is something at ${folder} already`,
      hint: 'name a folder that is not there yet: a backup overwrites nothing',
      details: { path: folder },
    })
  }
}

export class BackupInvalidError extends GranaryError {
  constructor(folder: string, why: string, cause?: unknown) {
    super({
      code: 'BACKUP_INVALID',
      message: `${folder} is not a whole backup: ${why}`,
      hint: 'nothing was restored; take another backup, or run `granary provider rebuild` where only the store is lost',
      details: { path: folder },
      cause,
    })
  }
}

export class RestoreRefusedError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'BACKUP_REFUSED',
      message: `${path} is there, and is not what the backup has`,
      hint: 'nothing was restored: move it away first if the backup is to take its place. Keys are gone for ever once they are lost',
      details: { path },
    })
  }
}

/** While the provider does not run. @throws HomeMissingError, HomeLockedError, BackupExistsError, StoreLostError for a store that is damaged */
export async function backupProvider(home: string, to: string): Promise<BackupReport> {
  const folders = providerFolders(home)
  if (!existsSync(folders.config)) throw new HomeMissingError(folders.config)
  requireStore(folders)
  if (!existsSync(folders.database)) throw new HomeMissingError(folders.database)
  const folder = resolve(to)
  if (existsSync(folder)) throw new BackupExistsError(folder)
  await mkdir(dirname(folder), { recursive: true })
  const making = await mkdtemp(`${folder}.making-`)
  try {
    copyStore(folders.database, join(making, STORE))
    for (const path of keptFiles(folders)) if (existsSync(path)) await copyFile(path, join(making, basename(path)))
    const files: Record<string, string> = {}
    for (const name of (await readdir(making)).toSorted()) {
      const path = join(making, name)
      await chmod(path, 0o600)
      await syncFile(path)
      files[name] = await digestOf(path)
    }
    const manifest = { schemaVersion: 1 as const, madeAt: new Date().toISOString(), files }
    // Last: a folder with a manifest is a whole backup.
    await writeFileDurably(join(making, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, 0o600)
    await rename(making, folder)
    await syncFolder(dirname(folder))
    return { folder, files: Object.keys(files), madeAt: manifest.madeAt }
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    throw error
  }
}

/**
 * Into a home that has none of these files, or the same. A store that is older than what the provider has signed since is
 * refused when it starts, and made anew by `rebuild`.
 * @throws BackupInvalidError BACKUP_INVALID, RestoreRefusedError
 */
export async function restoreProvider(home: string, from: string): Promise<RestoreReport> {
  const folder = resolve(from)
  const { files, madeAt } = await readBackup(folder)
  const folders = providerFolders(home)
  const wanted = new Map([...keptFiles(folders), folders.database].map((path) => [basename(path), path]))
  const restored: { name: string; path: string }[] = []
  for (const [name, digest] of Object.entries(files)) {
    const path = wanted.get(name)
    if (path === undefined) throw new BackupInvalidError(folder, `${name} belongs to no home of a provider`)
    if ((await digestOf(join(folder, name)).catch(() => '')) !== digest)
      throw new BackupInvalidError(folder, `${name} is missing, or not what it was`)
    if (existsSync(path) && (await digestOf(path)) !== digest) throw new RestoreRefusedError(path)
    restored.push({ name, path })
  }
  await makeFolders(folders)
  // The configuration last: a home that has one is a whole one.
  for (const { name, path } of restored.toSorted((a, b) => order(a.name) - order(b.name))) {
    if (existsSync(path)) continue
    const half = `${path}.restoring`
    await copyFile(join(folder, name), half)
    await syncFile(half)
    await rename(half, path)
  }
  await syncFolder(folders.root)
  const { volumes } = await readConfig(folders.config)
  const volumesAway = volumes.filter(({ path, id }) => readVolumeRecord(path)?.id !== id).map(({ path }) => path)
  return { folder, files: restored.map(({ name }) => name), madeAt, volumesAway }
}

function order(name: string): number {
  return name === 'config.json' ? 1 : 0
}

/** All but the store. */
function keptFiles(folders: ProviderFolders): string[] {
  const { config, ownerKey, sessionKey, nextSessionKey, homeRecord, readiness, root } = folders
  return [config, ownerKey, sessionKey, nextSessionKey, homeRecord, readiness, join(root, 'peer.key')]
}

/** One file without a log beside it, made by SQLite, and sound. */
function copyStore(database: string, to: string): void {
  const db = openStore(database)
  try {
    db.prepare('VACUUM INTO ?').run(to)
  } finally {
    db.close()
  }
}

async function readBackup(folder: string): Promise<z.infer<typeof manifestSchema>> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')))
  } catch (error) {
    throw new BackupInvalidError(folder, `${MANIFEST} cannot be read`, error)
  }
}

async function digestOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}
