/** CommP of a stream in constant memory (docs/spec/proofs.md section 2). No node: imports. */
import { log2Floor } from './bytes.ts'
import { padFr32, UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES } from './fr32.ts'
import { type HashPairs, hashPairs254, reduceInPlace } from './hash-pairs.ts'
import { NODE_BYTES } from './profile.ts'
import { pushSubtree, rootOf, type Subtree } from './subtree-stack.ts'

export interface PieceCommitment {
  /** CommP, 32 bytes. */
  readonly root: Uint8Array
  /** A power of two ≥ 128. */
  readonly paddedSize: number
  readonly payloadSize: number
}

export interface PieceHasher {
  write(bytes: Uint8Array): void
  /** The commitment to all that was written so far. */
  digest(): PieceCommitment
}

/** Hashed at once: large enough to amortise a call into a kernel. */
const BLOCK_UNITS = 512
const BLOCK_PAYLOAD_BYTES = BLOCK_UNITS * UNIT_PAYLOAD_BYTES

/** @param pad whole units, as padFr32 does: like `hash`, quicker by a kernel */
export function createPieceHasher(hash: HashPairs = hashPairs254, pad: typeof padFr32 = padFr32): PieceHasher {
  const block = new Uint8Array(BLOCK_PAYLOAD_BYTES)
  const stack: Subtree[] = []
  let filled = 0
  let payloadSize = 0

  return {
    write(bytes): void {
      payloadSize += bytes.length
      for (let taken = 0; taken < bytes.length; ) {
        const part = bytes.subarray(taken, taken + BLOCK_PAYLOAD_BYTES - filled)
        block.set(part, filled)
        filled += part.length
        taken += part.length
        if (filled < BLOCK_PAYLOAD_BYTES) continue
        pushSubtree(stack, subtreeOf(pad(block), hash))
        filled = 0
      }
    },
    digest(): PieceCommitment {
      const paddedSize = paddedSizeOf(payloadSize)
      const whole = [...stack]
      if (filled > 0) {
        const rest = block.slice(0, (paddedSizeOf(filled) / UNIT_PADDED_BYTES) * UNIT_PAYLOAD_BYTES)
        rest.fill(0, filled)
        pushSubtree(whole, subtreeOf(pad(rest), hash))
      }
      return { root: rootOf(whole, log2Floor(paddedSize / NODE_BYTES)), paddedSize, payloadSize }
    },
  }
}

/** The smallest padded size that holds a payload: 128·2ᵏ for up to 127·2ᵏ bytes. */
export function paddedSizeOf(payloadSize: number): number {
  let paddedSize = UNIT_PADDED_BYTES
  while ((paddedSize / UNIT_PADDED_BYTES) * UNIT_PAYLOAD_BYTES < payloadSize) paddedSize *= 2
  return paddedSize
}

function subtreeOf(nodes: Uint8Array, hash: HashPairs): Subtree {
  return { root: reduceInPlace(nodes, hash), height: log2Floor(nodes.length / NODE_BYTES) }
}
