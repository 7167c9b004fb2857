/**
 * Files that survive a kill and a power cut. The one promise: under its name a file is whole, the old one or the new
 * one, and once a function here has resolved it is the new one, also after a power cut. So the bytes go to a file beside
 * it, are synced, get the name, and the folder that holds the name is synced.
 * A kill may leave that file beside behind: its name ends in `.tmp`, and is another one each time, so that two who write
 * at once do not mix their bytes.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Writes what is to be in the file; what it gives is given on. When it throws, nothing is left. */
export type Fill<Result> = (file: FileHandle) => Promise<Result>

/** Lets the process's umask decide, as Node does. */
const DEFAULT_MODE = 0o666
/** Of a name in a folder, on the file systems of Linux. */
const NAME_BYTES_MAX = 255
/** Of what `nameBeside` adds. */
const BESIDE_BYTES = 41

export async function writeFileDurably(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(content), mode)
}

/** Whatever was at `path` stays until the new file is whole. */
export async function replaceFile<Result>(path: string, fill: Fill<Result>, mode?: number): Promise<Result> {
  return await fillBeside(path, fill, mode, (temporary) => rename(temporary, path))
}

/** @throws the system's EEXIST when there is something at `path`, which stays as it is */
export async function createFile<Result>(path: string, fill: Fill<Result>, mode?: number): Promise<Result> {
  // A link, unlike a rename, fails when the name is taken.
  return await fillBeside(path, fill, mode, (temporary) => link(temporary, path))
}

async function fillBeside<Result>(
  path: string,
  fill: Fill<Result>,
  mode: number = DEFAULT_MODE,
  giveName: (temporary: string) => Promise<void>,
): Promise<Result> {
  const temporary = nameBeside(path, 'tmp')
  try {
    const result = await fillAndSync(temporary, fill, mode)
    await giveName(temporary)
    await syncFolder(dirname(path))
    return result
  } finally {
    await rm(temporary, { force: true })
  }
}

async function fillAndSync<Result>(path: string, fill: Fill<Result>, mode: number): Promise<Result> {
  await using file = await open(path, 'wx+', mode)
  const result = await fill(file)
  await file.sync()
  return result
}

/** For who may not be interrupted between what it decides and what it writes. */
export function writeFileDurablySync(path: string, content: string | Uint8Array): void {
  const temporary = nameBeside(path, 'tmp')
  try {
    withOpen(temporary, 'wx', (file) => {
      writeFileSync(file, content)
      fsyncSync(file)
    })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  withOpen(dirname(path), 'r', fsyncSync)
}

/** Moves a file whose bytes are synced already, or a folder: both folders know of it when this resolves. */
export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from))
}

export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
}

/** The names in a folder are on the disk when this resolves. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

/** Another name in the same folder, which nothing has yet: `.tmp` for what is being made, `.old` for what is put aside. */
export function nameBeside(path: string, end: 'tmp' | 'old'): string {
  const name = basename(path)
  // A name that leaves no room is cut: a unit of it has at most three bytes.
  const kept = Buffer.byteLength(name) > NAME_BYTES_MAX - BESIDE_BYTES ? name.slice(0, 64) : name
  return join(dirname(path), `${kept}.${randomUUID()}.${end}`)
}

function withOpen(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags)
  try {
    use(file)
  } finally {
    closeSync(file)
  }
}
