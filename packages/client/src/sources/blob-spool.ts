/**
 * A spool whose files are Blobs: what a source has in Blobs stays in them, since they can be read again, and what comes
 * once is written to where the platform keeps such bytes. Manifests are in memory: half a MB for each GiB.
 */
import {
  type BlockTable,
  type DagManifest,
  FileChangedError,
  memoryBlockTable,
  pieceCar,
  readManifest,
} from '@granary/content'
import { manifestOf } from '../manifest-of.ts'
import type { PieceSource, Spool } from '../ports.ts'
import { readingOf } from '../reading-of.ts'
import type { Content, ContentSource } from './content-source.ts'
import { chunksOfContent, contentTree } from './content-tree.ts'

/** Where the bytes of what comes once are kept. */
export interface StreamStore {
  /** For a draft: a name that nobody else has. */
  nameOf(): string
  /** A new file for a draft. */
  create(draft: string): Promise<StreamFile>
  /** All files of the draft; also of one that has none. */
  remove(draft: string): Promise<void>
}

export interface StreamFile {
  /** Whose memory may be used again when this has resolved. */
  write(chunk: Uint8Array): Promise<void>
  /** All that was written, to be read from anywhere. */
  close(): Promise<Blob>
  /** Of a file that will not be closed. */
  abort(): Promise<void>
}

interface Kept {
  readonly name: string
  /** Under which its streams are in the store. */
  readonly draft: string
  readonly table: BlockTable
  readonly manifest: DagManifest
  /** The files, in the order in which they were read. */
  readonly blobs: readonly Blob[]
}

export function blobSpool(streams: StreamStore): Spool<ContentSource> {
  const kept = new Map<string, Kept>()

  async function remove(name: string): Promise<void> {
    const found = kept.get(name)
    kept.delete(name)
    if (found !== undefined) await streams.remove(found.draft)
  }

  return {
    // A draft of its own for each: only the content can be the same.
    nameOf: () => streams.nameOf(),
    async read(draft, source, options) {
      await remove(draft)
      const table = memoryBlockTable()
      const blobs: Blob[] = []
      try {
        const tree = contentTree(source, (content) =>
          keptIn(blobs, content, () => streams.create(draft), options.signal),
        )
        const manifest = await readManifest(tree, table, readingOf(source, options))
        kept.set(draft, { name: source.name, draft, table, manifest, blobs })
        return manifestOf(manifest)
      } catch (error) {
        await streams.remove(draft)
        throw error
      }
    },
    async keep(draft, rootCid) {
      const found = kept.get(draft)
      if (found === undefined) throw new RangeError(`nothing was read as ${draft}`)
      await remove(rootCid)
      kept.delete(draft)
      kept.set(rootCid, found)
    },
    async open(rootCid, piece): Promise<PieceSource & AsyncDisposable> {
      const found = kept.get(rootCid)
      const cut = found?.manifest.cuts[piece]
      if (found === undefined || cut === undefined) throw new RangeError(`there is no piece ${piece} of ${rootCid}`)
      const { name, table, manifest, blobs } = found
      const car = pieceCar({
        root: manifest.root,
        table,
        cut,
        nameOf: () => name,
        async readLeaf({ file, offset, length }, memory) {
          const bytes = await readBlob(name, blobs[file]!, offset, offset + length)
          memory.set(bytes)
          return memory.subarray(0, bytes.length)
        },
      })
      return { ...car, [Symbol.asyncDispose]: async () => undefined }
    },
    remove,
  }
}

async function readBlob(name: string, blob: Blob, start: number, end: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.slice(start, end).arrayBuffer())
  } catch (cause) {
    // A File that was written to, or removed, since the page was given it can be read no more.
    throw new FileChangedError(name, cause)
  }
}

async function* keptIn(
  blobs: Blob[],
  content: Content,
  create: () => Promise<StreamFile>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const file = blobs.length
  if (content instanceof Blob) {
    blobs.push(content)
    yield* chunksOfContent(content)
    return
  }
  blobs.push(new Blob())
  const stream = await create()
  let isWhole = false
  try {
    for await (const chunk of chunksOfContent(content, signal)) {
      // What is no bytes is refused by who reads this.
      if (chunk instanceof Uint8Array) await stream.write(chunk)
      yield chunk
    }
    blobs[file] = await stream.close()
    isWhole = true
  } finally {
    if (!isWhole) await stream.abort().catch(() => undefined)
  }
}
