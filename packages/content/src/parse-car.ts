/**
 * A CAR's header and sections out of a stream, with offsets; nothing is hashed here.
 * Version 1, and version 2 by the version 1 inside it: https://ipld.io/specs/transport/car/
 * Strict: one way to write each length, no section without a CID, no section or header above its limit.
 */
import { equalBytes, GranaryError } from '@granary/base'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { ByteReader } from './byte-reader.ts'
import { type CarHeader, decodeCarHeader } from './car-header.ts'

/**
 * The largest section and header that are read: memory is bounded by them, and so is the time that a header takes to
 * decode, for which a stranger's upload holds up everything else. The first is go-car's limit too.
 */
export const sectionBytesMax: number = 8 * 1024 * 1024
export const headerBytesMax: number = 64 * 1024

const VARINT_BYTES_MAX = 8
const V2_HEADER_BYTES = 40

export interface CarBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
  /** Where the block's bytes begin in the stream. */
  readonly offset: number
}

export interface ParsedCar {
  readonly version: 1 | 2
  readonly roots: readonly CID[]
  readonly blocks: AsyncGenerator<CarBlock>
}

export type CarFault = 'header' | 'truncated' | 'section' | 'cid' | 'hash' | 'empty'

export class CarInvalidError extends GranaryError {
  readonly reason: CarFault

  constructor(reason: CarFault, why: string, at: { offset: number; block?: number; cid?: CID }, cause?: unknown) {
    const where = at.block === undefined ? 'header' : `block ${at.block}${at.cid === undefined ? '' : ` (${at.cid})`}`
    super({
      code: 'CAR_INVALID',
      message: `${where} at byte ${at.offset} of the CAR: ${why}`,
      hint: 'the CAR was cut off or changed: make it again from the file, or send it again',
      details: { reason, offset: at.offset, block: at.block ?? null, cid: at.cid?.toString() ?? null },
      cause,
    })
    this.reason = reason
  }
}

/** @throws CarInvalidError CAR_INVALID, here for the header and from `blocks` for the rest */
export async function parseCar(source: AsyncIterable<Uint8Array>): Promise<ParsedCar> {
  const reader = new ByteReader(source)
  try {
    const outer = await readHeader(reader)
    if (outer.version === 1) return { version: 1, roots: outer.roots, blocks: sections(reader, undefined) }
    const endsAt = await enterVersion2(reader)
    const inner = await readHeader(reader)
    if (inner.version !== 1) throw headerFault('a version 2 CAR holds something else than version 1', reader.position)
    return { version: 2, roots: inner.roots, blocks: sections(reader, endsAt) }
  } catch (error) {
    await reader.close()
    throw error
  }
}

async function* sections(reader: ByteReader, endsAt: number | undefined): AsyncGenerator<CarBlock> {
  try {
    for (let block = 0; endsAt === undefined || reader.position < endsAt; block++) {
      const at = { offset: reader.position, block }
      const length = await readVarint(reader, at)
      if (length === undefined && endsAt !== undefined)
        throw new CarInvalidError('truncated', `the data should go on to byte ${endsAt}`, at)
      if (length === undefined) return
      if (length === 0) throw new CarInvalidError('section', 'a section of no bytes', at)
      if (length > sectionBytesMax)
        throw new CarInvalidError('section', `${length} bytes, at most ${sectionBytesMax} are taken`, at)
      const bodyOffset = reader.position
      const body = await reader.take(length)
      if (body === undefined) throw new CarInvalidError('truncated', `it ends before its ${length} bytes`, at)
      if (endsAt !== undefined && reader.position > endsAt)
        throw new CarInvalidError('section', `it goes past the data's end at byte ${endsAt}`, at)
      const { cid, bytes } = splitSection(body, at)
      yield { cid, bytes, offset: bodyOffset + body.length - bytes.length }
    }
    // Only a version 2 CAR goes on here: with its index, which is derived data and read to the end unused.
    while (await reader.skip(1)) await reader.skip(headerBytesMax)
  } finally {
    await reader.close()
  }
}

function splitSection(body: Uint8Array, at: { offset: number; block: number }): { cid: CID; bytes: Uint8Array } {
  let split: readonly [CID, Uint8Array]
  try {
    split = CID.decodeFirst(body)
  } catch (cause) {
    throw new CarInvalidError('cid', 'its CID cannot be read', at, cause)
  }
  const [cid, bytes] = split
  const canonical = CID.create(cid.version, cid.code, Digest.create(cid.multihash.code, cid.multihash.digest)).bytes
  if (!equalBytes(canonical, body.subarray(0, body.length - bytes.length)))
    throw new CarInvalidError('cid', 'its CID is not written in the one canonical way', at)
  return { cid, bytes }
}

async function readHeader(reader: ByteReader): Promise<CarHeader> {
  const at = { offset: reader.position }
  const length = await readVarint(reader, at)
  if (length === undefined) throw new CarInvalidError('truncated', 'there are no bytes', at)
  if (length === 0 || length > headerBytesMax) throw headerFault(`a header of ${length} bytes`, at.offset)
  const bytes = await reader.take(length)
  if (bytes === undefined) throw new CarInvalidError('truncated', `it ends before its ${length} bytes`, at)
  const header = decodeCarHeader(bytes)
  if (header === undefined) throw headerFault('it is not the canonical map of version 1 or 2', at.offset)
  if (header.version === 2 && at.offset > 0) throw headerFault('a version 2 inside a CAR', at.offset)
  return header
}

/** Passes over a version 2 header to the data it points to; gives where the data ends. */
async function enterVersion2(reader: ByteReader): Promise<number> {
  const offset = reader.position
  const bytes = await reader.take(V2_HEADER_BYTES)
  if (bytes === undefined) throw new CarInvalidError('truncated', 'the version 2 header is cut off', { offset })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dataOffset = view.getBigUint64(16, true)
  const dataBytes = view.getBigUint64(24, true)
  if (dataOffset < BigInt(reader.position) || dataOffset + dataBytes > BigInt(Number.MAX_SAFE_INTEGER))
    throw headerFault(`the version 2 header points to byte ${dataOffset}`, offset)
  if (!(await reader.skip(Number(dataOffset) - reader.position)))
    throw new CarInvalidError('truncated', `it ends before its data at byte ${dataOffset}`, { offset })
  return Number(dataOffset + dataBytes)
}

/** An unsigned LEB128 number in its shortest form; undefined when the stream ends right here. */
async function readVarint(reader: ByteReader, at: { offset: number; block?: number }): Promise<number | undefined> {
  let value = 0
  for (let index = 0; index < VARINT_BYTES_MAX; index++) {
    const byte = await reader.takeByte()
    if (byte === undefined && index === 0) return undefined
    if (byte === undefined) throw new CarInvalidError('truncated', 'a length is cut off', at)
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte >= 0x80) continue
    if (byte === 0 && index > 0) throw lengthFault('a length is not in its shortest form', at)
    if (!Number.isSafeInteger(value)) throw lengthFault(`a length of ${value}`, at)
    return value
  }
  throw lengthFault(`a length has more than ${VARINT_BYTES_MAX} bytes`, at)
}

function lengthFault(why: string, at: { offset: number; block?: number }): CarInvalidError {
  return new CarInvalidError(at.block === undefined ? 'header' : 'section', why, at)
}

function headerFault(why: string, offset: number): CarInvalidError {
  return new CarInvalidError('header', why, { offset })
}
