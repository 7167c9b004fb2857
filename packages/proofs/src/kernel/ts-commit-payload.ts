/** CommP of an open file, from where it stands, and of bytes in memory. docs/spec/proofs.md section 2. */
import { read } from 'node:fs'
import { promisify } from 'node:util'
import { loadPairHasher } from '../spec/load-pair-hasher.ts'
import { createPieceHasher, type PieceCommitment } from '../spec/piece-hasher.ts'
import type { PayloadJob } from './kernel.ts'

const CHUNK_BYTES = 1 << 20
const readFd = promisify(read)

export async function commitPayload({ fd, signal, onProgress }: PayloadJob): Promise<PieceCommitment> {
  const hasher = createPieceHasher(await loadPairHasher())
  const chunk = new Uint8Array(CHUNK_BYTES)
  for (let done = 0; ; ) {
    signal?.throwIfAborted()
    const { bytesRead } = await readFd(fd, chunk, 0, chunk.length, null)
    if (bytesRead === 0) return hasher.digest()
    hasher.write(chunk.subarray(0, bytesRead))
    done += bytesRead
    onProgress?.(done)
  }
}

export async function commitBytes(memory: Uint8Array, length: number): Promise<PieceCommitment> {
  const hasher = createPieceHasher(await loadPairHasher())
  hasher.write(memory.subarray(0, length))
  return hasher.digest()
}
