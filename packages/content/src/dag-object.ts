/** Blocks that hold a value of maps, lists and links: dag-cbor and dag-json. https://ipld.io/docs/data-model/ */
import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import { CID } from 'multiformats/cid'
import * as json from 'multiformats/codecs/json'
import { CBOR_CODE, DagInvalidError, nodeBytesMax } from './links-of.ts'

/** Of blocks that are JSON or CBOR, plain or with links. */
export type ObjectCodec = 'dag-json' | 'dag-cbor' | 'json' | 'cbor'

const codecs: ReadonlyMap<number, ObjectCodec> = new Map([
  [dagJson.code, 'dag-json'],
  [dagCbor.code, 'dag-cbor'],
  [json.code, 'json'],
  [CBOR_CODE, 'cbor'],
])

export function objectCodec({ code }: CID): ObjectCodec | undefined {
  return codecs.get(code)
}

export function isDagObject({ code }: CID): boolean {
  return code === dagCbor.code || code === dagJson.code
}

/** @throws DagInvalidError DAG_INVALID */
export function dagObject(cid: CID, bytes: Uint8Array): unknown {
  if (bytes.length > nodeBytesMax) throw new DagInvalidError(cid, `a node of ${bytes.length} bytes`)
  try {
    return cid.code === dagCbor.code ? dagCbor.decode(bytes) : dagJson.decode(bytes)
  } catch (cause) {
    throw new DagInvalidError(cid, Error.isError(cause) ? cause.message : String(cause), cause)
  }
}

/** To write text costs the square of the depth, and a multiple of the bytes. */
const TEXT_BYTES_MAX = 256 * 1024
const TEXT_DEPTH_MAX = 64

/**
 * The value as dag-json text, whatever codec it came in: for people to read. Undefined for what is too large or nested too
 * deep for that. @throws DagInvalidError DAG_INVALID
 */
export function dagObjectText(cid: CID, bytes: Uint8Array): string | undefined {
  const value = dagObject(cid, bytes)
  if (bytes.length > TEXT_BYTES_MAX || isDeeper(value, TEXT_DEPTH_MAX)) return undefined
  return dagJson.stringify(value)
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || CID.asCID(value) !== null)
    return false
  return depth === 0 || Object.values(value).some((each) => isDeeper(each, depth - 1))
}

/** The value under a name in a map, or at an index of a list; undefined where there is none. */
export function valueUnder(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || CID.asCID(value) !== null)
    return undefined
  if (Array.isArray(value) && !/^(0|[1-9]\d{0,8})$/.test(name)) return undefined
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}
