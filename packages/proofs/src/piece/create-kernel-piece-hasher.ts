/** CommP of bytes as they come, by the kernel: natively beside the calling thread. Node only. */
import { COMMIT_BYTES_MAX, COMMIT_ROOM_BYTES } from '../kernel/kernel.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { log2Floor } from '../spec/bytes.ts'
import { type PieceCommitment, paddedSizeOf } from '../spec/piece-hasher.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { pushSubtree, rootOf, type Subtree } from '../spec/subtree-stack.ts'

/** Parts of 4 MiB that are hashed while the next one is filled. */
const PARTS_MAX = 2

/** A part that is read whole makes no other ones smaller. */
export const PIECE_PART_BYTES: number = COMMIT_BYTES_MAX

export interface KernelPieceHasherOptions {
  /** Of 4 MiB, which are kept while the next one is filled. @default 2 */
  readonly partsMax?: number | undefined
}

export interface KernelPieceHasher {
  /**
   * As `write`, of bytes that are read to where they are hashed: `read` puts them at the beginning of the room that it is given, which ends
   * where a part does, and says how many. They stay there while as many parts as are kept are filled after theirs.
   * @returns them
   */
  fill(read: (room: Uint8Array) => Promise<number>): Promise<Uint8Array>
  /** Once it has resolved, the memory of the bytes may be used again. Those of several calls stand in the order of the calls. */
  write(bytes: Uint8Array): Promise<void>
  /** The commitment to all that was written so far. */
  digest(): Promise<PieceCommitment>
}

interface Part {
  readonly memory: Uint8Array
  readonly commitment: Promise<PieceCommitment>
}

/** Of what is in a file already, commitPieceFile makes fewer copies. @throws KernelChoiceError */
export function createKernelPieceHasher({ partsMax = PARTS_MAX }: KernelPieceHasherOptions = {}): KernelPieceHasher {
  const { kernel } = openKernel()
  const stack: Subtree[] = []
  const parts: Part[] = []
  let memory = newMemory()
  let filled = 0
  let payloadSize = 0
  let turn: Promise<unknown> = Promise.resolve()

  /** One after the other, in the order of the calls. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work)
    turn = result
    return result
  }

  async function take(bytes: Uint8Array): Promise<void> {
    for (let taken = 0; taken < bytes.length; ) {
      const room = roomLeft()
      const piece = bytes.subarray(taken, taken + room.length)
      room.set(piece)
      taken += piece.length
      await filledUp(piece.length)
    }
  }

  const roomLeft = (): Uint8Array => memory.subarray(filled, COMMIT_BYTES_MAX)

  async function filledUp(count: number): Promise<void> {
    payloadSize += count
    filled += count
    if (filled === COMMIT_BYTES_MAX) await begin()
  }

  async function begin(): Promise<void> {
    const commitment = kernel.commitBytes(memory, filled)
    // Who waits for it learns of its failure.
    commitment.catch(() => undefined)
    parts.push({ memory, commitment })
    memory = parts.length > partsMax ? await end() : newMemory()
    filled = 0
  }

  /** @returns the memory of the oldest part */
  async function end(): Promise<Uint8Array> {
    const part = parts.shift()!
    pushSubtree(stack, subtreeOf(await part.commitment))
    return part.memory
  }

  return {
    fill: (read) =>
      inTurn(async () => {
        const room = roomLeft()
        const bytes = room.subarray(0, await read(room))
        await filledUp(bytes.length)
        return bytes
      }),
    write: (bytes) => inTurn(() => take(bytes)),
    digest: () =>
      inTurn(async () => {
        while (parts.length > 0) await end()
        const paddedSize = paddedSizeOf(payloadSize)
        const whole = [...stack]
        if (filled > 0) pushSubtree(whole, subtreeOf(await kernel.commitBytes(memory, filled)))
        return { root: rootOf(whole, log2Floor(paddedSize / NODE_BYTES)), paddedSize, payloadSize }
      }),
  }
}

function newMemory(): Uint8Array {
  return new Uint8Array(COMMIT_BYTES_MAX + COMMIT_ROOM_BYTES)
}

function subtreeOf({ root, paddedSize }: PieceCommitment): Subtree {
  return { root, height: log2Floor(paddedSize / NODE_BYTES) }
}
