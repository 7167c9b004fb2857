/** The frames of a state that was collected, and of a file: `u32BE length ‖ frame`, one behind the other. */
import { createHash } from 'node:crypto'
import { createFile } from '@granary/base/node'
import type { TreeNode } from '../tree/node.ts'
import type { CollectedState } from './collect-state.ts'
import { encodeHead, encodeRecords, type StateHead, topOfChunk } from './snapshot-format.ts'

export interface StateFrames {
  readonly head: StateHead
  /** As many as the head has nodes. */
  readonly chunks: number
  /** The head's, then each chunk's. */
  all(): AsyncGenerator<Uint8Array>
}

export async function framesOf(state: CollectedState, pause: () => Promise<void>): Promise<StateFrames> {
  const { digits, outside } = state
  const tops: TreeNode[] = []
  for (let at = 0; at < 16 ** digits; at++) {
    tops.push(topOfChunk(state.chunk(at), digits))
    await pause()
  }
  const head = { outside, tops }
  return {
    head,
    chunks: tops.length,
    async *all() {
      yield encodeHead(head)
      for (let at = 0; at < tops.length; at++) {
        yield encodeRecords(state.chunk(at))
        await pause()
      }
    },
  }
}

/** The file appears whole, on the disk, or not at all, and replaces no other: then EEXIST is thrown. */
export async function writeFrames(
  path: string,
  frames: AsyncIterable<Uint8Array>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  await createFile(path, async (file) => {
    for await (const frame of frames) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(frame.length)
      for (const part of [length, frame]) {
        await file.writeFile(part)
        hash.update(part)
        bytes += part.length
      }
    }
  })
  return { bytes, sha256: hash.digest('hex') }
}
