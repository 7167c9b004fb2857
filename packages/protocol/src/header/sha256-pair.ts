/**
 * SHA-256 of `tag ‖ left ‖ right`, 65 bytes (FIPS 180-4). A block hashes tens of thousands of them, and a general SHA-256
 * spends more time on setting itself up than on the two compressions.
 */
import { compress, createSchedule, expandSchedule, SHA256_INITIAL } from '@granary/proofs/sha256'

const BLOCK_BYTES = 64
const BLOCKS = 2
const MESSAGE_BITS = 8 * 65

export type HashPair = (tag: number, left: Uint8Array, right: Uint8Array) => Uint8Array

/** Has its working memory to itself. `left` and `right` have 32 bytes each. */
export function createHashPair(): HashPair {
  const message = new Uint8Array(BLOCKS * BLOCK_BYTES)
  const words = new DataView(message.buffer)
  const schedule = createSchedule()
  const state = new Int32Array(SHA256_INITIAL.length)
  // Only the 65 bytes before it ever change.
  message[65] = 0x80
  words.setUint32(message.length - 4, MESSAGE_BITS)
  return (tag, left, right) => {
    message[0] = tag
    message.set(left, 1)
    message.set(right, 33)
    state.set(SHA256_INITIAL)
    for (let block = 0; block < BLOCKS; block++) {
      for (let i = 0; i < 16; i++) schedule[i] = words.getInt32(block * BLOCK_BYTES + 4 * i)
      expandSchedule(schedule)
      compress(state, schedule)
    }
    const digest = new Uint8Array(4 * state.length)
    const output = new DataView(digest.buffer)
    for (let i = 0; i < state.length; i++) output.setInt32(4 * i, state[i]!)
    return digest
  }
}
