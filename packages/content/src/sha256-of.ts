/**
 * SHA-256 of blocks that are made, large ones beside the calling thread: several are under way at once where there are
 * processors. What only passes and is checked (verify-block.ts) is hashed where it is: the copy that is hashed beside it
 * would be garbage faster than it is collected.
 */
import { sha256 } from 'multiformats/hashes/sha2'

/** Below, to go to another thread takes longer than to hash. */
const ASIDE_BYTES_MIN = 64 * 1024

/** The memory of the bytes may be used again as soon as this has returned. @returns the digest */
export async function sha256Of(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length < ASIDE_BYTES_MIN) return (await sha256.digest(bytes)).digest
  // It is copied before the call returns: https://www.w3.org/TR/webcrypto/#SubtleCrypto-method-digest
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}
