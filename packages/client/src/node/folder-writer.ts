/**
 * A fetched folder on the disk: it appears under its name when all of it is verified and synced, or not at all. Its names and
 * links are a stranger's: none of them may lie, or lead, outside of the folder.
 */
import { lstat, mkdir, open, realpath, rename, rm, symlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { GranaryError } from '@granary/base'
import { nameBeside, syncFolder } from '@granary/base/node'
import type { FolderEntry } from '../retrieve/walk-content.ts'
import { OutInvalidError } from './file-sink.ts'

/** OUT_EXISTS: a folder is written to a place where there is nothing yet. */
export class OutExistsError extends GranaryError {
  constructor(out: string) {
    super({
      code: 'OUT_EXISTS',
      message: `there is something at ${out} already`,
      hint: 'choose another OUT, or say that it may be replaced (--overwrite)',
      details: { out },
    })
  }
}

/** ENTRY_UNSAFE: a name or a link of a folder would lead out of it. */
export class EntryUnsafeError extends GranaryError {
  constructor(names: readonly string[], why: string) {
    super({
      code: 'ENTRY_UNSAFE',
      message: `the folder has an entry ${JSON.stringify(names.join('/'))}, and ${why}`,
      hint: 'nothing was written; fetch what you want of it by its path, or all of it as a CAR (--car)',
      details: { names },
    })
  }
}

export interface FolderWriteOptions {
  /** Whether what is at `out` may be replaced. */
  readonly overwrite: boolean
}

export interface WrittenFolder {
  readonly files: number
  readonly bytes: number
}

/** @throws OutExistsError, OutInvalidError, EntryUnsafeError, what `entries` throws, and the system's errors */
export async function writeFolder(
  out: string,
  entries: AsyncIterable<FolderEntry>,
  { overwrite }: FolderWriteOptions,
): Promise<WrittenFolder> {
  if (await isThere(out)) {
    if (!overwrite) throw new OutExistsError(out)
    await refuseOwnPlace(out)
  }
  const draft = nameBeside(out, 'tmp')
  try {
    await mkdir(draft)
    const written = await fill(draft, entries)
    await takePlace(draft, out, overwrite)
    await syncFolder(dirname(out))
    return written
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}

/** Whoever says "." to be replaced means what of the same names is in it: all else in it would be gone. @throws OutInvalidError */
async function refuseOwnPlace(out: string): Promise<void> {
  const place = await realpath(out).catch(() => out)
  const owns = await Promise.all([process.cwd(), homedir()].map((own) => realpath(own).catch(() => own)))
  const own = owns.find((path) => {
    const way = relative(place, path)
    return way.split(sep)[0] !== '..' && !isAbsolute(way)
  })
  if (own === undefined) return
  const what = own === owns[0] ? 'this program runs in it' : 'your home is in it'
  throw new OutInvalidError(
    out,
    `${what}, and all that is there would be gone`,
    'choose an OUT in it, which is new, or call this from another folder',
  )
}

async function fill(draft: string, entries: AsyncIterable<FolderEntry>): Promise<WrittenFolder> {
  const folders = [draft]
  const links: (FolderEntry & { readonly type: 'symlink' })[] = []
  let files = 0
  let bytes = 0
  for await (const entry of entries) {
    checkNames(entry.names)
    const path = join(draft, ...entry.names)
    switch (entry.type) {
      case 'directory':
        await mkdir(path).catch(asRefused(entry.names))
        folders.push(path)
        break
      case 'file':
        bytes += await writeNewFile(path, entry.stream()).catch(asRefused(entry.names))
        files += 1
        break
      case 'symlink':
        checkLink(entry.names, entry.target)
        links.push(entry)
        break
    }
  }
  // The last of all: while files are written, no name leads anywhere but to where it stands.
  for (const { names, target } of links) await symlink(target, join(draft, ...names)).catch(asRefused(names))
  for (const folder of folders.reverse()) await syncFolder(folder)
  return { files, bytes }
}

async function writeNewFile(path: string, contents: AsyncIterable<Uint8Array>): Promise<number> {
  await using file = await open(path, 'wx')
  let bytes = 0
  for await (const part of contents) {
    await file.writeFile(part)
    bytes += part.length
  }
  await file.sync()
  return bytes
}

async function takePlace(draft: string, out: string, overwrite: boolean): Promise<void> {
  const old = nameBeside(out, 'old')
  if (!(await isThere(out))) return await rename(draft, out)
  // It has come while the entries were fetched, which may take hours.
  if (!overwrite) throw new OutExistsError(out)
  await rename(out, old)
  try {
    await rename(draft, out)
  } catch (error) {
    await rename(old, out)
    throw error
  }
  await rm(old, { recursive: true, force: true })
}

/** @throws EntryUnsafeError */
export function checkNames(names: readonly string[]): void {
  for (const name of names) {
    if (name === '' || name === '.' || name === '..') throw new EntryUnsafeError(names, 'that is no name of its own')
    if (!isName(name)) throw new EntryUnsafeError(names, 'a name in it is a path on this system')
  }
}

/** Of a file in a folder, and no way to another place. */
export function isName(name: string): boolean {
  const isPath = /[/\0]/.test(name) || (process.platform === 'win32' && /[\\:]/.test(name))
  return !isPath && name !== '' && name !== '.' && name !== '..'
}

/**
 * `..` at the beginning leads up through folders that were made here; after a name it leads wherever that name, which may be
 * a link too, points to. A link to a link keeps to this as well, so no chain of them leads out.
 */
function checkLink(names: readonly string[], target: string): void {
  const steps = target.split('/').filter((step) => step !== '' && step !== '.')
  const down = steps.findIndex((step) => step !== '..')
  const up = down === -1 ? steps.length : down
  const isInside = up < names.length && !steps.slice(up).includes('..')
  const isPlain = target !== '' && !target.startsWith('/') && !target.includes('\0') && !/^[a-z]:|\\/i.test(target)
  if (!isInside || !isPlain) throw new EntryUnsafeError(names, `links to ${JSON.stringify(target)}, out of the folder`)
}

/** Two names that are one on this system, or one that is too long for it. */
function asRefused(names: readonly string[]): (error: unknown) => never {
  return (error) => {
    const { code } = error as { code?: unknown }
    if (code === 'EEXIST') throw new EntryUnsafeError(names, 'there is another of that name')
    if (code === 'ENAMETOOLONG') throw new EntryUnsafeError(names, 'that is too long a name on this system')
    throw error
  }
}
