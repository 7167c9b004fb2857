/**
 * The app hash of a block: a chain of hashes over what each block wrote. It stands in the state under a key of its own,
 * which is not part of what it is computed from.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { type Hash, hashOf } from '../messages/index.ts'
import { encodeTuple } from '../messages/tuple-codec.ts'
import { compareKeys } from './store.ts'

export const APP_HASH_KEY = 'app-hash'

/** SHA-256(previous ‖ canonical encoding of the writes in the order of their keys); a deletion is a key without value. */
export function appHashOf(previous: Hash, writes: ReadonlyMap<string, Uint8Array | null>): Hash {
  const text = new TextEncoder()
  const entries = [...writes]
    .filter(([key]) => key !== APP_HASH_KEY)
    .sort(([a], [b]) => compareKeys(a, b))
    .map(([key, value]) => (value === null ? [text.encode(key)] : [text.encode(key), value]))
  return hashOf(sha256(concatBytes(hexToBytes(previous.slice(2)), encodeTuple(entries))))
}
