/** A spool in memory: a CAR is a Blob, which a browser may keep on its disk. */
import { type ContentStore, carHeader, carSection, importFile, multihashKey, walkDag } from '@granary/content'
import type { CallOptions } from '../call-options.ts'
import { chunksOf } from '../chunks-of.ts'
import { paddedSizeOf } from '../padded-size-of.ts'
import type { Manifest, PieceSource, Spool } from '../ports.ts'
import { blobSource } from '../providers/upload-piece.ts'
import type { MemoryFile } from './memory-file.ts'

export function memorySpool(): Spool<MemoryFile> {
  const cars = new Map<string, Blob>()
  let drafts = 0
  return {
    // A draft of its own for each: only the content can be the same.
    nameOf: () => `draft-${drafts++}`,
    async read(name, { blob }, options) {
      const { car, manifest } = await packBlob(blob, options)
      cars.set(name, car)
      return manifest
    },
    async keep(name, rootCid) {
      const car = cars.get(name)
      if (car === undefined) throw new RangeError(`nothing was read as ${name}`)
      cars.delete(name)
      cars.set(rootCid, car)
    },
    async open(rootCid): Promise<PieceSource & AsyncDisposable> {
      const car = cars.get(rootCid)
      if (car === undefined) throw new RangeError(`there is no CAR of ${rootCid}`)
      return { ...blobSource(car), [Symbol.asyncDispose]: async () => undefined }
    },
    async remove(rootCid) {
      cars.delete(rootCid)
    },
  }
}

async function packBlob(blob: Blob, options: CallOptions): Promise<{ car: Blob; manifest: Manifest }> {
  const store = memoryStore()
  const root = await importFile(chunksOf(blob.stream()), store, options)
  const parts: Uint8Array<ArrayBuffer>[] = [carHeader([root]).slice()]
  let blocks = 0
  for await (const block of walkDag(root, store, options)) {
    for (const part of carSection(block)) parts.push(part.slice())
    blocks += 1
  }
  const car = new Blob(parts)
  const pieces = [{ payloadSize: car.size, pieceSize: paddedSizeOf(car.size) }]
  return { car, manifest: { rootCid: root.toString(), fileBytes: blob.size, blocks, pieces } }
}

function memoryStore(): ContentStore {
  const blocks = new Map<string, Uint8Array>()
  return {
    put(cid, block) {
      blocks.set(multihashKey(cid), block)
      return cid
    },
    async *get(cid) {
      const block = blocks.get(multihashKey(cid))
      if (block === undefined) throw new RangeError(`block ${cid} was not put`)
      yield block
    },
  }
}
