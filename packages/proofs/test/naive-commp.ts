/** CommP as its definition reads, bit by bit and node by node: slow, and shares nothing with what it is compared to. */
import { createHash } from 'node:crypto'

const BITS_OF_NODE = 254

export function naiveCommP(payload: Uint8Array): { root: Uint8Array; paddedSize: number } {
  let units = 1
  while (units * 127 < payload.length) units *= 2
  const padded = new Uint8Array(units * 127)
  padded.set(payload)
  const nodes = Array.from({ length: 4 * units }, (_, node) => {
    const bytes = new Uint8Array(32)
    for (let bit = 0, at = node * BITS_OF_NODE; bit < BITS_OF_NODE; bit += 1, at += 1) {
      const value = (padded[at >> 3]! >> (at & 7)) & 1
      bytes[bit >> 3]! |= value << (bit & 7)
    }
    return bytes
  })
  return { root: naiveRoot(nodes), paddedSize: 128 * units }
}

function naiveRoot(nodes: readonly Uint8Array[]): Uint8Array {
  if (nodes.length === 1) return nodes[0]!
  const half = nodes.length / 2
  const hash = createHash('sha256')
    .update(naiveRoot(nodes.slice(0, half)))
    .update(naiveRoot(nodes.slice(half)))
    .digest()
  hash[31]! &= 0x3f
  return new Uint8Array(hash)
}
