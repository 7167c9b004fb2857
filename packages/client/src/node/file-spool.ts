/**
 * A spool in a folder: of each source a manifest, which says where its blocks are in the files that they came from. What
 * cannot be read again, such as a stream, is kept beside it.
 */
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { makeFolder, syncFile, syncFolder } from '@granary/base/node'
import { pieceCar, readManifest, type Tree } from '@granary/content'
import { createLeafReader, createManifestFile, type FileSeen, openManifestFile } from '@granary/content/node'
import { manifestOf } from '../manifest-of.ts'
import type { PieceSource, Spool } from '../ports.ts'
import { readingOf } from '../reading-of.ts'
import type { ContentSource } from '../sources/content-source.ts'
import { chunksOfContent, contentTree } from '../sources/content-tree.ts'
import { type PathSource, treeOfPaths } from './path-source.ts'

/** Drafts of streams have names that nobody asks for again: those that a kill has left are removed when they are older. */
const STREAM_DRAFT_AGE_MAX_MS = 24 * 60 * 60_000
const STREAM = 'stream-'

/** @param folder made with the first manifest */
export function fileSpool(folder: string): Spool<PathSource | ContentSource> {
  const manifestPath = (name: string) => join(folder, `${name}.manifest`)
  /** A folder of the files that came as streams, by their numbers. */
  const bytesPath = (name: string) => join(folder, `${name}.bytes`)

  async function remove(name: string): Promise<void> {
    // A CAR is what earlier releases kept.
    const left = [manifestPath(name), bytesPath(name), join(folder, `${name}.car`)]
    await Promise.all(left.map((path) => rm(path, { recursive: true, force: true })))
  }

  return {
    // The root is known only after reading, so the first name is that of what is read.
    nameOf(source) {
      if (source.kind === 'content') return `${STREAM}${randomUUID()}`
      return createHash('sha256')
        .update(JSON.stringify([source.paths, source.options, source.profile, source.wrap]))
        .digest('hex')
        .slice(0, 32)
    },
    async read(name, source, options) {
      await makeFolder(folder, 0o700)
      await remove(name)
      await removeOldStreams(folder, remove)
      try {
        using draft = createManifestFile(manifestPath(name))
        const tree = await treeOf(source, bytesPath(name), (file) => draft.addFile(file), options.signal)
        const manifest = await readManifest(tree, draft.table, readingOf(source, options))
        draft.save(manifest)
        return manifestOf(manifest)
      } catch (error) {
        await remove(name)
        throw error
      }
    },
    async keep(name, rootCid) {
      await syncFile(manifestPath(name))
      await remove(rootCid)
      // The manifest comes last: where it is, all is.
      if (await isThere(bytesPath(name))) await rename(bytesPath(name), bytesPath(rootCid))
      await rename(manifestPath(name), manifestPath(rootCid))
      await syncFolder(folder)
    },
    open: (rootCid, piece) => openPiece(manifestPath(rootCid), bytesPath(rootCid), piece),
    remove,
  }
}

async function openPiece(path: string, bytesFolder: string, piece: number): Promise<PieceSource & AsyncDisposable> {
  if (!(await isThere(path))) throw new RangeError(`there is no ${path}`)
  const manifest = openManifestFile(path)
  const cut = manifest.cut(piece)
  if (cut === undefined) {
    manifest[Symbol.dispose]()
    throw new RangeError(`there is no piece ${piece} in ${path}`)
  }
  const seen = (number: number): FileSeen => {
    const file = manifest.file(number)
    return isAbsolute(file.path) ? file : { ...file, path: join(bytesFolder, file.path) }
  }
  const leaves = createLeafReader(seen)
  const { root, table } = manifest
  const car = pieceCar({
    root,
    table,
    cut,
    nameOf: (file) => seen(file).path,
    readLeaf: (place, memory) => leaves.read(place, memory),
  })
  return {
    ...car,
    async [Symbol.asyncDispose]() {
      await leaves[Symbol.asyncDispose]()
      manifest[Symbol.dispose]()
    },
  }
}

async function treeOf(
  source: PathSource | ContentSource,
  bytesFolder: string,
  onFile: (file: FileSeen) => void,
  signal: AbortSignal | undefined,
): Promise<Tree> {
  if (source.kind === 'path') return await treeOfPaths(source, onFile)
  await mkdir(bytesFolder, { mode: 0o700 })
  let files = 0
  return contentTree(source, (content) => keptIn(bytesFolder, `${files++}`, chunksOfContent(content, signal), onFile))
}

/** Chunks as they pass, each written down before it is given on. */
async function* keptIn(
  folder: string,
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  onFile: (file: FileSeen) => void,
): AsyncGenerator<Uint8Array> {
  await using file = await open(join(folder, name), 'wx', 0o600)
  for await (const chunk of chunks) {
    await file.writeFile(chunk)
    yield chunk
  }
  await file.sync()
  const { size, mtimeNs } = await file.stat({ bigint: true })
  onFile({ path: name, bytes: Number(size), mtimeNs })
}

async function removeOldStreams(folder: string, remove: (name: string) => Promise<void>): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(STREAM) || !entry.endsWith('.manifest')) continue
    const found = await stat(join(folder, entry)).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > STREAM_DRAFT_AGE_MAX_MS)
      await remove(entry.slice(0, -'.manifest'.length))
  }
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
