/**
 * Memory that leaves are read into, used again when they are out, by the two threads that a leaf goes through. New memory for
 * each would be cleared by the system, and collected with all that the program has: that took longer than to hash what is
 * read into it. Shared memory, since a thread's collector counts what is handed to it, and begins to collect.
 */
import { types } from 'node:util'

export interface LeafMemory {
  /** As many bytes, as they were left, behind `roomBefore`. Undefined for too few or too many, or when all is in use. */
  take(bytes: number): Uint8Array<SharedArrayBuffer> | undefined
  /** It has gone to another thread, which gives it back. What is only forgotten here can be taken again once it is collected. */
  handOver(memory: SharedArrayBuffer): void
  /** Nobody looks at it any more. */
  giveBack(memory: SharedArrayBuffer): void
}

/** For the head of a leaf's section in a CAR, which is then sent with it. */
export const roomBefore = 256
/** Fewer are copied sooner than they are handed over. */
const LEAF_BYTES_MIN = 64 * 1024
/** Of the files that this program makes, with the head of its section in a CAR; larger ones get memory of their own. */
export const leafBytesMax: number = 1024 * 1024 + roomBefore
/** Two for each of as many downloads as a provider has at once. */
const COUNT_MAX = 32

export function createLeafMemory(): LeafMemory {
  const free: SharedArrayBuffer[] = []
  let made = 0
  const forgotten = new FinalizationRegistry(() => {
    made -= 1
  })

  function more(): SharedArrayBuffer | undefined {
    if (made === COUNT_MAX) return undefined
    made += 1
    return new SharedArrayBuffer(roomBefore + leafBytesMax)
  }

  return {
    take(bytes) {
      if (bytes < LEAF_BYTES_MIN || bytes > leafBytesMax) return undefined
      const memory = free.pop() ?? more()
      if (memory === undefined) return undefined
      forgotten.register(memory, undefined, memory)
      return new Uint8Array(memory, roomBefore, bytes)
    },
    handOver: (memory) => void forgotten.unregister(memory),
    giveBack: (memory) => void free.push(memory),
  }
}

/** Of an answer whose bytes lie in it. */
export function leafMemoryOf(answer: unknown): SharedArrayBuffer | undefined {
  const bytes = bytesIn(answer)
  return bytes !== undefined && isInLeafMemory(bytes) ? bytes.buffer : undefined
}

/** What an answer gives, if it gives bytes. */
export function bytesIn(answer: unknown): Uint8Array | undefined {
  const bytes = typeof answer === 'object' && answer !== null && 'bytes' in answer ? answer.bytes : undefined
  return types.isUint8Array(bytes) ? bytes : undefined
}

/** Nothing else in the gateway is shared. */
export function isInLeafMemory(bytes: Uint8Array): bytes is Uint8Array<SharedArrayBuffer> {
  return types.isSharedArrayBuffer(bytes.buffer)
}
