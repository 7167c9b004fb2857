/**
 * Piece CIDs: v2 (FRC-0069: the size is inside) is what Granary prints and stores, v1 is accepted where a user gives one.
 * docs/spec/proofs.md section 2. Only the canonical text is a piece CID, so that equal pieces have equal names.
 */
import { GranaryError } from '@granary/base'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { isPowerOfTwo, log2Floor } from './bytes.ts'
import { UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES } from './fr32.ts'
import type { PieceCommitment } from './piece-hasher.ts'
import { NODE_BYTES } from './profile.ts'

const FIL_COMMITMENT_UNSEALED = 0xf101
const SHA2_256_TRUNC254_PADDED = 0x1012
const RAW = 0x55
const FR32_SHA256_TRUNC254_PADBINTREE = 0x1011
const HEIGHT_MIN = log2Floor(UNIT_PADDED_BYTES / NODE_BYTES)
const HEIGHT_MAX = 63
/** A u64 in 7-bit groups. */
const UVARINT_BYTES_MAX = 10

export type ParsedPieceCid =
  | { readonly version: 1; readonly root: Uint8Array }
  | { readonly version: 2; readonly root: Uint8Array; readonly paddedSize: number; readonly payloadSize: number }

export class InvalidPieceCidError extends GranaryError {
  constructor(text: string, why: string) {
    super({
      code: 'PIECE_CID_INVALID',
      message: `"${text}" is not a piece CID: ${why}`,
      hint: 'a piece CID starts with bafkzcib (v2) or baga6ea4seaq (v1); a CID of content (a root CID) is another thing',
    })
  }
}

/** Piece CID v2 in base32. @throws InvalidPieceCidError PIECE_CID_INVALID for sizes that do not belong together */
export function pieceCidV2(commitment: PieceCommitment): string {
  const { root, paddedSize, payloadSize } = commitment
  const why = sizeFault(root, paddedSize, payloadSize)
  if (why !== undefined) throw new InvalidPieceCidError(`${payloadSize} of ${paddedSize} bytes`, why)
  const padding = uvarint(unpaddedSizeOf(paddedSize) - BigInt(payloadSize))
  const digest = new Uint8Array([...padding, log2Floor(paddedSize / NODE_BYTES), ...root])
  return CID.createV1(RAW, create(FR32_SHA256_TRUNC254_PADBINTREE, digest)).toString()
}

/** Piece CID v1 in base32: the root alone. @throws InvalidPieceCidError PIECE_CID_INVALID */
export function pieceCidV1(root: Uint8Array): string {
  if (root.length !== NODE_BYTES) throw new InvalidPieceCidError(`a root of ${root.length} bytes`, 'a root is 32 bytes')
  return CID.createV1(FIL_COMMITMENT_UNSEALED, create(SHA2_256_TRUNC254_PADDED, root)).toString()
}

/** @throws InvalidPieceCidError PIECE_CID_INVALID */
export function parsePieceCid(text: string): ParsedPieceCid {
  const cid = decode(text, () => CID.parse(text))
  const parsed = parseCid(text, cid)
  const canonical = parsed.version === 1 ? pieceCidV1(parsed.root) : pieceCidV2(parsed)
  if (canonical !== text) throw new InvalidPieceCidError(text, `written canonically it is ${canonical}`)
  return parsed
}

/** The bytes of a piece CID v2. @throws InvalidPieceCidError PIECE_CID_INVALID */
export function pieceCidToBytes(text: string): Uint8Array {
  if (parsePieceCid(text).version !== 2) throw new InvalidPieceCidError(text, 'it is of version 1, without a size')
  return CID.parse(text).bytes
}

/** Piece CID v2 from its bytes. @throws InvalidPieceCidError PIECE_CID_INVALID */
export function pieceCidFromBytes(bytes: Uint8Array): string {
  const text = decode(`${bytes.length} bytes`, () => CID.decode(bytes)).toString()
  const canonical = pieceCidToBytes(text)
  if (canonical.length !== bytes.length || canonical.some((byte, i) => byte !== bytes[i]))
    throw new InvalidPieceCidError(text, 'its bytes are not canonical')
  return text
}

function decode(text: string, read: () => CID): CID {
  try {
    return read()
  } catch (cause) {
    throw new InvalidPieceCidError(text, cause instanceof Error ? cause.message : 'it cannot be decoded')
  }
}

function parseCid(text: string, cid: CID): ParsedPieceCid {
  const { code, digest } = cid.multihash
  if (cid.version === 1 && cid.code === FIL_COMMITMENT_UNSEALED && code === SHA2_256_TRUNC254_PADDED) {
    if (digest.length !== NODE_BYTES)
      throw new InvalidPieceCidError(text, `its digest is ${digest.length} bytes, not 32`)
    return { version: 1, root: digest.slice() }
  }
  if (cid.version !== 1 || cid.code !== RAW || code !== FR32_SHA256_TRUNC254_PADBINTREE)
    throw new InvalidPieceCidError(text, `its codec is 0x${cid.code.toString(16)} and its hash 0x${code.toString(16)}`)
  return parseDigestV2(text, digest)
}

function parseDigestV2(text: string, digest: Uint8Array): ParsedPieceCid {
  const varintBytes = digest.findIndex((byte) => byte < 0x80) + 1
  if (varintBytes === 0 || varintBytes > UVARINT_BYTES_MAX)
    throw new InvalidPieceCidError(text, 'its padding is no uvarint')
  if (digest.length !== varintBytes + 1 + NODE_BYTES)
    throw new InvalidPieceCidError(text, `its digest is ${digest.length} bytes, not ${varintBytes + 1 + NODE_BYTES}`)
  const height = digest[varintBytes]!
  if (height < HEIGHT_MIN || height > HEIGHT_MAX) throw new InvalidPieceCidError(text, `its height is ${height}`)
  const paddedSize = NODE_BYTES * 2 ** height
  const payload = unpaddedSizeOf(paddedSize) - fromUvarint(digest.subarray(0, varintBytes))
  const payloadSize = Number(payload)
  if (BigInt(payloadSize) !== payload)
    throw new InvalidPieceCidError(text, `its payload of ${payload} bytes is too large`)
  const root = digest.slice(varintBytes + 1)
  const why = sizeFault(root, paddedSize, payloadSize)
  if (why !== undefined) throw new InvalidPieceCidError(text, why)
  return { version: 2, root, paddedSize, payloadSize }
}

/** Each payload size has one padded size: the smallest that holds it. */
function sizeFault(root: Uint8Array, paddedSize: number, payloadSize: number): string | undefined {
  if (root.length !== NODE_BYTES) return `a root is 32 bytes, not ${root.length}`
  if (!isPowerOfTwo(paddedSize) || paddedSize < UNIT_PADDED_BYTES || paddedSize > NODE_BYTES * 2 ** HEIGHT_MAX)
    return `a padded size is a power of two from 128 bytes to 2⁶⁸, not ${paddedSize}`
  if (!Number.isInteger(payloadSize) || payloadSize < 0) return `a payload size is a whole number, not ${payloadSize}`
  const unpadded = unpaddedSizeOf(paddedSize)
  const padding = unpadded - BigInt(payloadSize)
  if (padding < 0n) return `${payloadSize} bytes do not fit into ${unpadded}`
  if (paddedSize > UNIT_PADDED_BYTES && padding * 2n >= unpadded)
    return `${payloadSize} bytes would fit into half of ${unpadded}`
  return undefined
}

function unpaddedSizeOf(paddedSize: number): bigint {
  return BigInt(paddedSize / UNIT_PADDED_BYTES) * BigInt(UNIT_PAYLOAD_BYTES)
}

function uvarint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return bytes
}

function fromUvarint(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 7n) | BigInt(byte & 0x7f), 0n)
}
