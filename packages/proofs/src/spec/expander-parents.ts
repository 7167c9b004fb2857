/**
 * The eight expander parents of a node: a Feistel permutation of 8·nodes values, cycle-walked. docs/spec/proofs.md
 * section 5. Halves are at most 18 bits (2³¹ nodes need 17), values pass 2³²: hence 2 ** half and not shifts on values.
 */
import { blake2b } from '@noble/hashes/blake2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from './bytes.ts'

export const EXPANDER_PARENTS = 8
const ROUNDS = 3

/** The round function under key k: r → the low `half` bits of BLAKE2b-512(u64BE r ‖ u64BE k)[0…8] as u64BE. */
export type FeistelRound = (round: number, right: number) => number

/** First three u64LE of SHA-256("Filecoin_Feistel" ‖ porepId), each as its 8 big-endian bytes. */
export function feistelKeysOf(porepId: Uint8Array): Uint8Array[] {
  const digest = sha256(concatBytes([new TextEncoder().encode('Filecoin_Feistel'), porepId]))
  return Array.from({ length: ROUNDS }, (_, k) => digest.slice(8 * k, 8 * k + 8).reverse())
}

/** Smallest h with 4^h ≥ 8·nodes. */
export function feistelHalfBits(nodes: number): number {
  let half = 0
  while (4 ** half < EXPANDER_PARENTS * nodes) half += 1
  return half
}

export function createFeistelRound(keys: readonly Uint8Array[], halfBits: number): FeistelRound {
  const mask = 2 ** halfBits - 1
  const input = new Uint8Array(16)
  const view = new DataView(input.buffer)
  return (round, right) => {
    view.setUint32(4, right)
    input.set(keys[round]!, 8)
    const digest = blake2b(input, { dkLen: 64 })
    return (((digest[4]! << 24) | (digest[5]! << 16) | (digest[6]! << 8) | digest[7]!) & mask) >>> 0
  }
}

/**
 * All values of the round function, round by round: it has only 2^half inputs, so a whole graph needs no more than
 * 3·2^half calls of BLAKE2b.
 */
export function feistelTable(round: FeistelRound, halfBits: number): Uint32Array {
  const size = 2 ** halfBits
  const table = new Uint32Array(ROUNDS * size)
  for (let k = 0; k < ROUNDS; k += 1)
    for (let right = 0; right < size; right += 1) table[k * size + right] = round(k, right)
  return table
}

/** Writes the parents of `node` to out[at … at + 7]. */
export function writeExpanderParents(
  graph: { nodes: number; halfBits: number; round: FeistelRound },
  node: number,
  out: Uint32Array,
  at: number,
): void {
  const values = EXPANDER_PARENTS * graph.nodes
  const side = 2 ** graph.halfBits
  for (let i = 0; i < EXPANDER_PARENTS; i += 1) {
    let value = EXPANDER_PARENTS * node + i
    do value = feistel(value, side, graph.round)
    while (value >= values)
    out[at + i] = Math.floor(value / EXPANDER_PARENTS)
  }
}

function feistel(value: number, side: number, round: FeistelRound): number {
  let left = Math.floor(value / side)
  let right = value % side
  for (let k = 0; k < ROUNDS; k += 1) {
    const next = (left ^ round(k, right)) >>> 0
    left = right
    right = next
  }
  return left * side + right
}
