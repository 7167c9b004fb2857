/** A spool in memory: what a source has in Blobs stays in them, which a browser may keep on its disk. */
import { type BlockTable, type DagManifest, memoryBlockTable, pieceCar, readManifest } from '@granary/content'
import { manifestOf } from '../manifest-of.ts'
import type { PieceSource, Spool } from '../ports.ts'
import type { Content, ContentSource } from '../sources/content-source.ts'
import { chunksOfContent, contentTree } from '../sources/content-tree.ts'

interface Kept {
  readonly name: string
  readonly table: BlockTable
  readonly manifest: DagManifest
  /** The files, in the order in which they were read. */
  readonly blobs: readonly Blob[]
}

export function memorySpool(): Spool<ContentSource> {
  const kept = new Map<string, Kept>()
  let drafts = 0
  return {
    // A draft of its own for each: only the content can be the same.
    nameOf: () => `draft-${drafts++}`,
    async read(name, source, options) {
      const table = memoryBlockTable()
      const blobs: Blob[] = []
      const tree = contentTree(source, (content) => keptIn(blobs, content))
      const manifest = await readManifest(tree, table, { ...options, profile: source.profile })
      kept.set(name, { name: source.name, table, manifest, blobs })
      return manifestOf(manifest)
    },
    async keep(name, rootCid) {
      const draft = kept.get(name)
      if (draft === undefined) throw new RangeError(`nothing was read as ${name}`)
      kept.delete(name)
      kept.set(rootCid, draft)
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
        readLeaf: async ({ file, offset, length }) =>
          new Uint8Array(await blobs[file]!.slice(offset, offset + length).arrayBuffer()),
      })
      return { ...car, [Symbol.asyncDispose]: async () => undefined }
    },
    async remove(rootCid) {
      kept.delete(rootCid)
    },
  }
}

/** What is not in a Blob is copied into one as it passes. */
async function* keptIn(blobs: Blob[], content: Content): AsyncGenerator<Uint8Array> {
  const file = blobs.length
  blobs.push(content instanceof Blob ? content : new Blob())
  const parts: Blob[] = []
  for await (const chunk of chunksOfContent(content)) {
    // A Blob a chunk: a browser moves them to its disk, and the stream may use its memory again.
    if (!(content instanceof Blob)) parts.push(new Blob([chunk.slice()]))
    yield chunk
  }
  if (!(content instanceof Blob)) blobs[file] = new Blob(parts)
}
