/**
 * The CAR of a piece, made as it is read: any range of it, any time, the same bytes. Each leaf is read where it is and
 * hashed, so what is given out is what the manifest says, or an error.
 */
import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { wrappedLeaf } from '../put-node.ts'
import { concat } from '../store.ts'
import { verifyBlock } from '../verify-block.ts'
import { carHeader, carSection } from '../write-car.ts'
import type { BlockTable, LeafPlace, OrderedBlock } from './block-table.ts'
import type { PieceCut } from './cut-pieces.ts'
import { FileChangedError } from './file-changed-error.ts'
import { leadOf } from './read-manifest.ts'

export interface PieceCarInput {
  readonly root: CID
  readonly table: BlockTable
  readonly cut: PieceCut
  /** Fewer bytes only where a file has become shorter. */
  readLeaf(place: LeafPlace): Promise<Uint8Array>
  /** For the error: what a person calls it. */
  nameOf(file: number): string
}

export interface PieceCar {
  readonly size: number
  /** The bytes from `start` up to, and without, `end`. @throws FileChangedError FILE_CHANGED */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>
}

export function pieceCar(input: PieceCarInput): PieceCar {
  const { root, table, cut } = input
  const lead = concat([carHeader([root]), ...leadOf(table, cut.first).flatMap(sectionOf)])
  const base = lead.length - table.at(cut.first).start
  /** Reads follow each other, and a block seldom ends where a read does. */
  let last: { position: number; section: readonly Uint8Array[] } | undefined

  async function sectionAt(position: number): Promise<readonly Uint8Array[]> {
    if (last?.position === position) return last.section
    const block = table.at(position)
    const bytes = 'bytes' in block ? block.bytes : await leafOf(block.cid, block.place, input)
    const section = [...carSection({ cid: block.cid, bytes })]
    last = { position, section }
    return section
  }

  return {
    size: cut.payloadSize,
    async read(start, end) {
      if (start < 0 || end > cut.payloadSize || start > end)
        throw new RangeError(`bytes ${start} to ${end} of a piece of ${cut.payloadSize}`)
      const out = new Uint8Array(end - start)
      const copy = (bytes: Uint8Array, at: number) => {
        const part = bytes.subarray(Math.max(0, start - at), Math.max(0, end - at))
        if (part.length > 0) out.set(part, Math.max(0, at - start))
      }
      copy(lead, 0)
      if (end <= lead.length) return out
      for (let position = positionAt(table, cut, start - base); position < cut.end; position += 1) {
        const at = base + table.at(position).start
        if (at >= end) break
        let partAt = at
        for (const part of await sectionAt(position)) {
          copy(part, partAt)
          partAt += part.length
        }
      }
      return out
    },
  }
}

/** The block in whose section a place of the whole order is. */
function positionAt(table: BlockTable, { first, end }: PieceCut, place: number): number {
  let position = first
  let tooFar = end
  while (tooFar - position > 1) {
    const between = Math.floor((position + tooFar) / 2)
    if (table.at(between).start <= place) position = between
    else tooFar = between
  }
  return position
}

async function leafOf(cid: CID, place: LeafPlace, { readLeaf, nameOf }: PieceCarInput): Promise<Uint8Array> {
  const data = await readLeaf(place)
  const bytes = cid.code === raw.code ? data : wrappedLeaf(data)
  await verifyBlock(cid, bytes).catch((cause: unknown) => {
    throw new FileChangedError(nameOf(place.file), cause)
  })
  return bytes
}

function sectionOf(block: OrderedBlock): Uint8Array[] {
  if (!('bytes' in block)) throw new TypeError(`block ${block.cid} is a leaf, and no way leads through it`)
  return [...carSection({ cid: block.cid, bytes: block.bytes })]
}
