/**
 * The header of a CAR (https://ipld.io/specs/transport/car/): of dag-cbor's maps it is the one `{ roots: [CID …], version: 1 }`,
 * and in front of a version 2 `{ version: 2 }`. Of each there is one canonical encoding, and no other is read.
 */
import { equalBytes } from '@granary/base'
import { CID } from 'multiformats/cid'
import { concat } from './store.ts'

export type CarHeader = { readonly version: 1; readonly roots: readonly CID[] } | { readonly version: 2 }

const utf8 = new TextEncoder()
/** A map of one and of two fields, and their names in the order that dag-cbor has them: the shorter first. */
const VERSION = Uint8Array.of(0x67, ...utf8.encode('version'))
const ROOTS = Uint8Array.of(0xa2, 0x65, ...utf8.encode('roots'))
const VERSION_2 = Uint8Array.of(0xa1, ...VERSION, 2)
/** Tag 42, which a link has, and the byte before the CID. */
const LINK_TAG = Uint8Array.of(0xd8, 0x2a)
const IDENTITY = 0
/** Major types of RFC 8949. */
const BYTES = 2
const ARRAY = 4

export function encodeCarHeader(roots: readonly CID[]): Uint8Array {
  const links = roots.map(({ bytes }) =>
    concat([LINK_TAG, head(BYTES, bytes.length + 1), Uint8Array.of(IDENTITY), bytes]),
  )
  return concat([ROOTS, head(ARRAY, roots.length), ...links, VERSION, Uint8Array.of(1)])
}

/** @returns undefined for bytes that are no canonical header of either version */
export function decodeCarHeader(bytes: Uint8Array): CarHeader | undefined {
  if (equalBytes(bytes, VERSION_2)) return { version: 2 }
  const roots = rootsOf(bytes)
  // One comparison for all: names, lengths in as few bytes as they need, tags, CIDs in their one form, and the end.
  return roots !== undefined && equalBytes(encodeCarHeader(roots), bytes) ? { version: 1, roots } : undefined
}

function rootsOf(bytes: Uint8Array): CID[] | undefined {
  const list = headAt(bytes, ROOTS.length)
  const roots: CID[] = []
  let offset = list.next
  for (let index = 0; index < list.argument; index += 1) {
    const { argument, next } = headAt(bytes, offset + LINK_TAG.length)
    offset = next + argument
    const cid = offset > bytes.length ? undefined : readCid(bytes.subarray(next + 1, offset))
    if (cid === undefined) return undefined
    roots.push(cid)
  }
  return roots
}

function readCid(bytes: Uint8Array): CID | undefined {
  try {
    return CID.decode(bytes)
  } catch {
    return undefined
  }
}

/** Lengths up to that of the longest header that is read. */
function head(major: number, argument: number): Uint8Array {
  const first = major << 5
  if (argument < 24) return Uint8Array.of(first | argument)
  if (argument < 2 ** 8) return Uint8Array.of(first | 24, argument)
  return Uint8Array.of(first | 25, argument >> 8, argument & 0xff)
}

/** What the bytes are a head of is told by the comparison at the end. */
function headAt(bytes: Uint8Array, offset: number): { argument: number; next: number } {
  const info = (bytes[offset] ?? 0) & 0x1f
  const [high = 0, low = 0] = bytes.subarray(offset + 1, offset + 3)
  if (info < 24) return { argument: info, next: offset + 1 }
  return info === 24 ? { argument: high, next: offset + 2 } : { argument: high * 256 + low, next: offset + 3 }
}
