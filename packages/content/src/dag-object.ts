/**
 * Blocks that hold a value of maps, lists and links: dag-cbor and dag-json. https://ipld.io/docs/data-model/
 * Their codecs are loaded with the first such block: files and folders have none.
 */
import { CID } from 'multiformats/cid'
import * as json from 'multiformats/codecs/json'
import { DagInvalidError } from './dag-invalid-error.ts'

export const CBOR_CODE = 0x51
const DAG_CBOR_CODE = 0x71
const DAG_JSON_CODE = 0x0129
/** What IPFS clients exchange at most, and so what a node may be that somebody else's program is to read. */
export const nodeBytesMax: number = 2 * 1024 * 1024

/** Of blocks that are JSON or CBOR, plain or with links. */
export type ObjectCodec = 'dag-json' | 'dag-cbor' | 'json' | 'cbor'

const codecs: ReadonlyMap<number, ObjectCodec> = new Map([
  [DAG_JSON_CODE, 'dag-json'],
  [DAG_CBOR_CODE, 'dag-cbor'],
  [json.code, 'json'],
  [CBOR_CODE, 'cbor'],
])

export function objectCodec({ code }: CID): ObjectCodec | undefined {
  return codecs.get(code)
}

export function isDagObject({ code }: CID): boolean {
  return code === DAG_CBOR_CODE || code === DAG_JSON_CODE
}

/** @throws DagInvalidError DAG_INVALID */
export async function dagObject(cid: CID, bytes: Uint8Array): Promise<unknown> {
  if (bytes.length > nodeBytesMax) throw new DagInvalidError(cid, `a node of ${bytes.length} bytes`)
  const { decode } = cid.code === DAG_CBOR_CODE ? await import('@ipld/dag-cbor') : await import('@ipld/dag-json')
  try {
    return decode(bytes)
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
export async function dagObjectText(cid: CID, bytes: Uint8Array): Promise<string | undefined> {
  const value = await dagObject(cid, bytes)
  if (bytes.length > TEXT_BYTES_MAX || isDeeper(value, TEXT_DEPTH_MAX)) return undefined
  const { stringify } = await import('@ipld/dag-json')
  return stringify(value)
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || CID.asCID(value) !== null)
    return false
  return depth === 0 || Object.values(value).some((each) => isDeeper(each, depth - 1))
}

/** The links anywhere in a value, depth-first, in the order of its maps and lists. */
export function linksIn(value: unknown): CID[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  const cid = CID.asCID(value)
  return cid === null ? Object.values(value).flatMap(linksIn) : [cid]
}

/** The value under a name in a map, or at an index of a list; undefined where there is none. */
export function valueUnder(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || CID.asCID(value) !== null)
    return undefined
  if (Array.isArray(value) && !/^(0|[1-9]\d{0,8})$/.test(name)) return undefined
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}
