/** A block is what its CID says, or it is refused. Hashes as docs/spec/market-protocol.md lists them. */
import { equalBytes, GranaryError } from '@granary/base'
import type { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { inlineBytes } from './inline.ts'

const BLAKE2B_256 = 0xb220

export class BlockHashMismatchError extends GranaryError {
  constructor(cid: CID) {
    super({
      code: 'BLOCK_HASH_MISMATCH',
      message: `the bytes of block ${cid} do not hash to its CID`,
      hint: 'the data was changed on its way or on disk: fetch it again, or from another provider',
      details: { cid: cid.toString() },
    })
  }
}

export class HashUnsupportedError extends GranaryError {
  constructor(cid: CID) {
    super({
      code: 'HASH_UNSUPPORTED',
      message: `block ${cid} is named by hash 0x${cid.multihash.code.toString(16)} of ${cid.multihash.size} bytes`,
      hint: 'use sha2-256, sha2-512, blake2b-256 or identity, at full length',
      details: { cid: cid.toString() },
    })
  }
}

/**
 * The memory of the bytes may be used again as soon as this has returned.
 * @throws BlockHashMismatchError BLOCK_HASH_MISMATCH, HashUnsupportedError HASH_UNSUPPORTED, InlineTooLongError IDENTITY_TOO_LONG
 */
export async function verifyBlock(cid: CID, bytes: Uint8Array): Promise<void> {
  const digest = inlineBytes(cid) ?? (await digestOf(cid.multihash.code, bytes))
  // A truncated digest would let someone else's bytes pass for less work: only whole ones are taken.
  if (digest === undefined || digest.length !== cid.multihash.size) throw new HashUnsupportedError(cid)
  if (!equalBytes(digest, cid.multihash.code === identity.code ? bytes : cid.multihash.digest))
    throw new BlockHashMismatchError(cid)
}

async function digestOf(code: number, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  switch (code) {
    case sha256.code:
      return (await sha256.digest(bytes)).digest
    case sha512.code:
      return (await sha512.digest(bytes)).digest
    case BLAKE2B_256: {
      // Seldom met: a page loads it when it is.
      const { blake2b } = await import('@noble/hashes/blake2.js')
      return blake2b(bytes, { dkLen: 32 })
    }
    default:
      return undefined
  }
}
