/**
 * The UnixFS message inside a dag-pb node. https://specs.ipfs.tech/unixfs/ (Data format)
 * Read here rather than by ipfs-unixfs, which refuses packed `blocksizes` that others write and drops `hashType`.
 */
import { PbfReader, PbfWriter } from 'pbf'

export interface UnixFsData {
  readonly type: UnixFsType
  readonly data: Uint8Array
  readonly blockSizes: readonly number[]
  /** Multihash code of the hash that orders a sharded directory; 0: none. */
  readonly hashType: number
  /** Children that a shard may have; 0: none. */
  readonly fanout: number
}

export type UnixFsType = (typeof types)[number]

/** In the order of their numbers. */
const types = ['raw', 'directory', 'file', 'metadata', 'symlink', 'shard'] as const

interface Fields {
  type: number | undefined
  data: Uint8Array
  blockSizes: number[]
  hashType: number
  fanout: number
}

/** @returns undefined for bytes that are no UnixFS message */
export function unixFsData(bytes: Uint8Array): UnixFsData | undefined {
  const fields: Fields = { type: undefined, data: new Uint8Array(), blockSizes: [], hashType: 0, fanout: 0 }
  try {
    const reader = new PbfReader(bytes)
    reader.readFields(readField, fields)
    // A field that reaches beyond the end leaves the reader there.
    if (reader.pos !== bytes.length) return undefined
  } catch {
    return undefined
  }
  const type = fields.type === undefined ? undefined : types[fields.type]
  return type === undefined ? undefined : { ...fields, type }
}

function readField(tag: number, fields: Fields, reader: PbfReader): void {
  if (tag === 1) fields.type = reader.readVarint()
  else if (tag === 2) fields.data = reader.readBytes()
  else if (tag === 4) reader.readPackedVarint(fields.blockSizes)
  else if (tag === 5) fields.hashType = reader.readVarint()
  else if (tag === 6) fields.fanout = reader.readVarint()
}

/** A message to be written: a field that is absent is not written. */
export interface NewUnixFsData {
  readonly type: UnixFsType
  readonly data?: Uint8Array
  readonly fileBytes?: number
  readonly blockSizes?: readonly number[]
  readonly hashType?: number
  readonly fanout?: number
}

/** Block sizes one by one, as Kubo writes them: the bytes decide the CID. */
export function encodeUnixFsData(message: NewUnixFsData): Uint8Array {
  const writer = new PbfWriter()
  writer.writeVarintField(1, types.indexOf(message.type))
  if (message.data !== undefined) writer.writeBytesField(2, message.data)
  if (message.fileBytes !== undefined) writer.writeVarintField(3, message.fileBytes)
  for (const size of message.blockSizes ?? []) writer.writeVarintField(4, size)
  if (message.hashType !== undefined) writer.writeVarintField(5, message.hashType)
  if (message.fanout !== undefined) writer.writeVarintField(6, message.fanout)
  return writer.finish()
}
