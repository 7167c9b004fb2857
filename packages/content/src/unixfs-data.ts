/**
 * The UnixFS message inside a dag-pb node. https://specs.ipfs.tech/unixfs/ (Data format)
 * Read here rather than by ipfs-unixfs, which refuses packed `blocksizes` that others write and drops `hashType`.
 */
import { encodeProtobuf, type ProtobufField, packedNumbers, protobufFields } from './protobuf.ts'

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
    for (const field of protobufFields(bytes)) take(field, fields)
  } catch {
    return undefined
  }
  const type = fields.type === undefined ? undefined : types[fields.type]
  return type === undefined ? undefined : { ...fields, type }
}

function take({ number, value }: ProtobufField, fields: Fields): void {
  if (number === 4) for (const size of packedNumbers(value)) fields.blockSizes.push(size)
  else if (typeof value !== 'number') {
    if (number === 2) fields.data = value
  } else if (number === 1) fields.type = value
  else if (number === 5) fields.hashType = value
  else if (number === 6) fields.fanout = value
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
  const { type, data, fileBytes, blockSizes = [], hashType, fanout } = message
  const fields: [number: number, value: number | Uint8Array | undefined][] = [
    [1, types.indexOf(type)],
    [2, data],
    [3, fileBytes],
    ...blockSizes.map((size): [number, number] => [4, size]),
    [5, hashType],
    [6, fanout],
  ]
  return encodeProtobuf(fields.flatMap(([number, value]) => (value === undefined ? [] : { number, value })))
}
