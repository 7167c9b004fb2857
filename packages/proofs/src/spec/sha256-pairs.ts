/**
 * SHA-256 of 64-byte messages, one after the other (FIPS 180-4). A tree is millions of them, and a general SHA-256
 * spends more time on setting itself up than on two blocks: here the second block, which is padding and the same for
 * all, has its schedule computed once, and nothing is allocated for a pair.
 */
import { compress, createSchedule, expandSchedule, SHA256_INITIAL } from './sha256.ts'

const MESSAGE_BYTES = 64
const DIGEST_BYTES = 32
/** A one bit, zeros, and the length of 512 bits: the padding of a 64-byte message. */
const PADDING_SCHEDULE = scheduleOf([0x80000000, ...new Array<number>(14).fill(0), 8 * MESSAGE_BYTES])

/**
 * Has its working memory to itself, so that a caller with many short runs sets it up once.
 * @returns hashes `messages` of 64 bytes each into `digests` of 32, which may be the start of `messages` itself
 */
export function createSha256Pairs(): (messages: Uint8Array, digests: Uint8Array) => void {
  const schedule = createSchedule()
  const state = new Int32Array(SHA256_INITIAL.length)
  return (messages, digests) => {
    const input = new DataView(messages.buffer, messages.byteOffset, messages.byteLength)
    const output = new DataView(digests.buffer, digests.byteOffset, digests.byteLength)
    for (let at = 0, out = 0; at + MESSAGE_BYTES <= messages.length; at += MESSAGE_BYTES, out += DIGEST_BYTES) {
      for (let i = 0; i < 16; i += 1) schedule[i] = input.getInt32(at + 4 * i)
      expandSchedule(schedule)
      state.set(SHA256_INITIAL)
      compress(state, schedule)
      compress(state, PADDING_SCHEDULE)
      for (let i = 0; i < state.length; i += 1) output.setInt32(out + 4 * i, state[i]!)
    }
  }
}

function scheduleOf(block: readonly number[]): Int32Array {
  const schedule = createSchedule()
  schedule.set(block)
  expandSchedule(schedule)
  return schedule
}
