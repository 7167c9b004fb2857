/**
 * The CAR of a piece, made as it is read: any range of it, any time, the same bytes. Each leaf is read where it is and
 * hashed, so what is given out is what the manifest says, or an error.
 */
import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { wrappedLeaf } from '../put-node.ts'
import { concat } from '../store.ts'
import { verifyBlock } from '../verify-block.ts'
import { carHeader, carSection, sectionHead } from '../write-car.ts'
import type { BlockTable, LeafPlace, OrderedBlock } from './block-table.ts'
import type { PieceCut } from './cut-pieces.ts'
import { FileChangedError } from './file-changed-error.ts'
import { leadOf } from './read-manifest.ts'

export interface PieceCarInput {
  readonly root: CID
  readonly table: BlockTable
  readonly cut: PieceCut
  /**
   * @param memory as long as the leaf, where it is put
   * @returns that memory, less of it only where a file has become shorter
   */
  readLeaf(place: LeafPlace, memory: Uint8Array): Promise<Uint8Array>
  /** For the error: what a person calls it. */
  nameOf(file: number): string
}

export interface PieceCar {
  readonly size: number
  /**
   * The bytes from `start` up to, and without, `end`.
   * @param memory at least as long, where they are put: after an error it holds anything. @default new memory
   * @throws FileChangedError FILE_CHANGED
   */
  read(start: number, end: number, memory?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
}

export function pieceCar(input: PieceCarInput): PieceCar {
  const { root, table, cut, readLeaf } = input
  const lead = concat([carHeader([root]), ...leadOf(table, cut.first).flatMap(sectionOf)])
  const base = lead.length - table.startAt(cut.first)
  /** Reads follow each other, and a block seldom ends where a read does. */
  let last: { position: number; bytes: Uint8Array; data: Uint8Array } | undefined
  /** Of the one before: new memory for each is garbage faster than it is collected. */
  let spare: Uint8Array | undefined

  /** To be used before there is another. */
  async function bytesOf(block: Leaf, position: number): Promise<Uint8Array> {
    if (last?.position === position) return last.bytes
    const { length } = block.place
    const memory = spare?.length === length ? spare : new Uint8Array(length)
    spare = undefined
    const data = await readLeaf(block.place, memory)
    const bytes = block.cid.code === raw.code ? data : wrappedLeaf(data)
    await checkLeaf(block, bytes, input)
    spare = last?.data
    last = { position, bytes, data }
    return bytes
  }

  return {
    size: cut.payloadSize,
    async read(start, end, memory = new Uint8Array(end - start)) {
      if (start < 0 || end > cut.payloadSize || start > end)
        throw new RangeError(`bytes ${start} to ${end} of a piece of ${cut.payloadSize}`)
      const out = memory.subarray(0, end - start)
      if (out.length < end - start) throw new RangeError(`${memory.length} bytes of memory for ${end - start}`)
      const copy = (bytes: Uint8Array, at: number) => {
        const part = bytes.subarray(Math.max(0, start - at), Math.max(0, end - at))
        if (part.length > 0) out.set(part, Math.max(0, at - start))
      }
      copy(lead, 0)
      if (end <= lead.length) return out
      const checks: Promise<void>[] = []
      for (let position = positionAt(table, cut, start - base, last?.position); position < cut.end; position += 1) {
        const block = table.at(position)
        const at = base + block.start
        if (at >= end) break
        const head = sectionHead(block)
        const bodyAt = at + head.length
        copy(head, at)
        if ('bytes' in block) copy(block.bytes, bodyAt)
        else if (block.cid.code === raw.code && bodyAt >= start && bodyAt + block.blockBytes <= end) {
          // Where it is wanted, without a copy, and hashed while the next one is read.
          const bytes = await readLeaf(block.place, out.subarray(bodyAt - start, bodyAt - start + block.blockBytes))
          const check = checkLeaf(block, bytes, input)
          check.catch(() => undefined)
          checks.push(check)
        } else copy(await bytesOf(block, position), bodyAt)
      }
      await Promise.all(checks)
      return out
    },
  }
}

type Leaf = OrderedBlock & { readonly place: LeafPlace }

/** The block in whose section a place of the whole order is. @param guess where it may be, or just before it */
function positionAt(table: BlockTable, { first, end }: PieceCut, place: number, guess = first): number {
  const isIn = (position: number): boolean =>
    position < end &&
    table.at(position).start <= place &&
    (position + 1 === end || table.at(position + 1).start > place)
  if (isIn(guess)) return guess
  if (isIn(guess + 1)) return guess + 1
  let position = first
  let tooFar = end
  while (tooFar - position > 1) {
    const between = Math.floor((position + tooFar) / 2)
    if (table.startAt(between) <= place) position = between
    else tooFar = between
  }
  return position
}

async function checkLeaf({ cid, place }: Leaf, bytes: Uint8Array, { nameOf }: PieceCarInput): Promise<void> {
  await verifyBlock(cid, bytes).catch((cause: unknown) => {
    throw new FileChangedError(nameOf(place.file), cause)
  })
}

function sectionOf(block: OrderedBlock): Uint8Array[] {
  if (!('bytes' in block)) throw new TypeError(`block ${block.cid} is a leaf, and no way leads through it`)
  return [...carSection({ cid: block.cid, bytes: block.bytes })]
}
