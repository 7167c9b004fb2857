/**
 * A file or folder of the disk as a tree to be imported, as `ipfs add -r` takes it: hidden files and what symbolic links
 * lead to are left out unless they are asked for. Times and permissions are not kept.
 */
import { constants, type Stats } from 'node:fs'
import { lstat, open, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tree, TreeEntry } from '../import-tree.ts'
import { FileChangedError } from '../manifest/file-changed-error.ts'
import { FileUnreadableError } from './file-unreadable-error.ts'

const READ_BYTES = 1024 * 1024

export interface PathTreeOptions {
  /** Also what is in a folder under a name that begins with a dot. @default false */
  readonly hidden?: boolean | undefined
  /** A symbolic link in a folder is kept as one, or what it leads to is stored in its place. @default 'keep' */
  readonly links?: 'keep' | 'follow' | undefined
}

/** A file as it was when it was read. */
export interface FileSeen {
  readonly path: string
  readonly bytes: number
  readonly mtimeNs: bigint
}

/** @param onFile called with each file before it is read, in the order in which they are */
export async function pathTree(
  path: string,
  options: PathTreeOptions = {},
  onFile: (file: FileSeen) => void = () => undefined,
): Promise<Tree> {
  // A path through a link is what it leads to.
  const real = await readable(path, () => realpath(path))
  return await treeAt(real, await readable(path, () => stat(real)), { options, onFile, above: [] })
}

interface Walk {
  readonly options: PathTreeOptions
  readonly onFile: (file: FileSeen) => void
  /** Folders that this is in: a link may lead back into one of them. */
  readonly above: readonly string[]
}

async function treeAt(path: string, found: Stats, walk: Walk): Promise<Tree> {
  if (found.isFile()) return { kind: 'file', content: () => contentOf(path, walk.onFile) }
  if (!found.isDirectory()) throw new FileUnreadableError(path, 'it is neither a file nor a folder')
  return { kind: 'folder', entries: () => entriesOf(path, walk) }
}

async function* entriesOf(folder: string, { options, onFile, above }: Walk): AsyncGenerator<TreeEntry> {
  const { hidden = false, links = 'keep' } = options
  const walk: Walk = { options, onFile, above: [...above, folder] }
  const names = await readable(folder, () => readdir(folder))
  // The order decides which of two equal chunks is read again later: the same each time.
  for (const name of names.sort()) {
    if (!hidden && name.startsWith('.')) continue
    const path = join(folder, name)
    if (name.includes('\ufffd')) throw new FileUnreadableError(path, 'its name is not UTF-8')
    const found = await readable(path, () => lstat(path))
    if (!found.isSymbolicLink()) yield [name, await treeAt(path, found, walk)]
    else if (links === 'keep') yield [name, { kind: 'link', target: await targetOf(path) }]
    else yield [name, await followed(path, walk)]
  }
}

async function targetOf(path: string): Promise<string> {
  const target = await readable(path, () => readlink(path))
  if (target.includes('\ufffd')) throw new FileUnreadableError(path, 'what it leads to is not UTF-8')
  return target
}

async function followed(path: string, walk: Walk): Promise<Tree> {
  const real = await readable(path, () => realpath(path))
  if (walk.above.includes(real)) throw new FileUnreadableError(path, 'it leads back to a folder that it is in')
  return await treeAt(real, await readable(path, () => stat(real)), walk)
}

async function* contentOf(path: string, onFile: Walk['onFile']): AsyncGenerator<Uint8Array> {
  // Non-blocking: a pipe that has taken the file's place is refused below instead of being waited for.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  await using file = await readable(path, () => open(path, flags))
  const before = await file.stat({ bigint: true })
  if (!before.isFile()) throw new FileUnreadableError(path, 'it is not a regular file')
  onFile({ path, bytes: Number(before.size), mtimeNs: before.mtimeNs })
  let bytes = 0
  // One piece of memory for all of it: a new one each time is garbage faster than it is collected.
  const buffer = new Uint8Array(Math.min(READ_BYTES, Math.max(1, Number(before.size))))
  while (bytes < Number(before.size)) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, Number(before.size) - bytes), bytes)
    if (bytesRead === 0) break
    bytes += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
  const after = await file.stat({ bigint: true })
  if (bytes !== Number(before.size) || after.size !== before.size || after.mtimeNs !== before.mtimeNs)
    throw new FileChangedError(path)
}

async function readable<T>(path: string, work: () => Promise<T>): Promise<T> {
  return await work().catch((cause: unknown) => {
    throw new FileUnreadableError(path, Error.isError(cause) ? cause.message : String(cause), cause)
  })
}
