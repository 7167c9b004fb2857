/**
 * The six base parents of a node (DRSample: Alwen, Blocki, Harsha 2017), as docs/spec/proofs.md section 5 gives them.
 * Products of 5 and a node pass 2³², so nothing here uses 32-bit operations on an index.
 */
import { chacha8 } from '@noble/ciphers/chacha.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, u32LE } from './bytes.ts'

export const BASE_PARENTS = 6
const META_NODES_PER_NODE = BASE_PARENTS - 1
const DRAWS = 2 * META_NODES_PER_NODE
const SEED_BYTES = 28
const NONCE = new Uint8Array(12)
const ZEROS = new Uint8Array(8 * DRAWS)

/** First 28 bytes of SHA-256("Filecoin_DRSample" ‖ porepId). */
export function drgSeedOf(porepId: Uint8Array): Uint8Array {
  return sha256(concatBytes([new TextEncoder().encode('Filecoin_DRSample'), porepId])).subarray(0, SEED_BYTES)
}

/** Writes the parents of `node` to out[at … at + 5]: the predecessor, then five drawn ones, unsorted. */
export function writeBaseParents(drgSeed: Uint8Array, node: number, out: Uint32Array, at: number): void {
  if (node < 2) {
    out.fill(0, at, at + BASE_PARENTS)
    return
  }
  const key = concatBytes([drgSeed, u32LE(node)])
  const stream = new DataView(chacha8(key, NONCE, ZEROS).buffer)
  const metaNode = META_NODES_PER_NODE * node
  const bucketCount = log2Ceil(metaNode)
  out[at] = node - 1
  for (let i = 0; i < META_NODES_PER_NODE; i += 1) {
    const bucket = drawMod(stream, 2 * i, bucketCount) + 1
    const largest = Math.min(metaNode, 2 ** bucket)
    const smallest = Math.max(2, Math.floor(largest / 2))
    const distance = smallest + drawMod(stream, 2 * i + 1, largest - smallest + 1)
    const parent = Math.floor((metaNode - distance) / META_NODES_PER_NODE)
    out[at + 1 + i] = parent === node ? node - 1 : parent
  }
}

/** A u64LE of the stream, mod m; exact for m < 2³⁷, since every product stays below 2⁵³. */
function drawMod(stream: DataView, draw: number, m: number): number {
  const low = stream.getUint32(8 * draw, true)
  const high = stream.getUint32(8 * draw + 4, true) % m
  const upper = (high * 0x10000 + (low >>> 16)) % m
  return (upper * 0x10000 + (low & 0xffff)) % m
}

function log2Ceil(value: number): number {
  let exponent = 0
  while (2 ** exponent < value) exponent += 1
  return exponent
}
