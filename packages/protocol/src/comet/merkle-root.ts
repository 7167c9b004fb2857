/** The root over a list of byte strings, as certificate transparency has it: https://www.rfc-editor.org/rfc/rfc6962#section-2.1 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'

const LEAF = Uint8Array.of(0)
const INNER = Uint8Array.of(1)

export function merkleRoot(items: readonly Uint8Array[]): Uint8Array {
  if (items.length === 0) return sha256(new Uint8Array(0))
  if (items.length === 1) return sha256(concatBytes(LEAF, items[0]!))
  const left = largestPowerBelow(items.length)
  return sha256(concatBytes(INNER, merkleRoot(items.slice(0, left)), merkleRoot(items.slice(left))))
}

function largestPowerBelow(count: number): number {
  return 2 ** (31 - Math.clz32(count - 1))
}
