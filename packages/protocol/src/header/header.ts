/**
 * What the validator signs for a block. The app hash in it is the state after the block before, so that headers alone
 * prove the state (docs/spec/chain.md, section 7).
 */
import { fromHex, type Hex, toHex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { signatures } from '#signatures'
import { decodeTuple, encodeTuple } from '../codec/tuple-codec.ts'
import type { Hash } from '../codec/types.ts'

export interface Header {
  readonly height: number
  readonly timeMs: number
  /** Hash of the header before; in block 0 the genesis hash. */
  readonly previousHash: Hash
  readonly txsHash: Hash
  /** The state after the previous block; in block 0 zeros. */
  readonly appHash: Hash
  /** ed25519 public key of who made the block. */
  readonly validator: Hex
}

export interface SignedHeader {
  readonly bytes: Uint8Array
  readonly hash: Hash
  readonly signature: Uint8Array
}

const VERSION = 1
/** Signatures of headers can never be taken for signatures of anything else. */
const DOMAIN = utf8ToBytes('granary-header-1')

export function signHeader(header: Header, genesisHash: Hash, secretKey: Uint8Array): SignedHeader {
  const bytes = encodeHeader(header)
  const hash = hashOf(bytes)
  return { bytes, hash, signature: signatures.ed25519.sign(signedBytes(hash, genesisHash), secretKey) }
}

export function decodeHeader(bytes: Uint8Array): Header {
  const [, height, timeMs, previousHash, txsHash, appHash, validator] = decodeTuple(bytes, 'header') as [
    number,
    number,
    number,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  return {
    height,
    timeMs,
    previousHash: hex(previousHash),
    txsHash: hex(txsHash),
    appHash: hex(appHash),
    validator: hex(validator),
  }
}

export function hashTxs(txs: readonly Uint8Array[]): Hash {
  return hashTxDigests(txs.map((bytes) => sha256(bytes)))
}

/** @param digests: SHA-256 of each transaction */
export function hashTxDigests(digests: readonly Uint8Array[]): Hash {
  return hashOf(encodeTuple(digests))
}

export function encodeHeader({ height, timeMs, previousHash, txsHash, appHash, validator }: Header): Uint8Array {
  const hashes = [previousHash, txsHash, appHash, validator].map((value) => fromHex(value))
  return encodeTuple([VERSION, height, timeMs, ...hashes])
}

/** What is signed for a header. */
export function signedBytes(hash: Hash, genesisHash: Hash): Uint8Array {
  return concatBytes(DOMAIN, fromHex(genesisHash), fromHex(hash))
}

function hashOf(bytes: Uint8Array): Hash {
  return hex(sha256(bytes))
}

function hex(bytes: Uint8Array): Hex {
  return toHex(bytes)
}
