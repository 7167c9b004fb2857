/** A file that grows from its start and can be gone on with: its digest so far, and checkpoints of it. */
import { createHash, type Hash } from 'node:crypto'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { FileTooShortError, readExactly } from '../io/read-exactly.ts'
import { writeCheckpoint } from './checkpoint.ts'
import { type Checkpoint, CheckpointError } from './kernel.ts'

const CHECKPOINT_MS = 30_000
const READ_BYTES = 1 << 20

export interface GrowingFile {
  /** Items are of one size, and a checkpoint counts them. */
  append(bytes: Uint8Array): Promise<void>
  /** Writes down what is there, without waiting for the disk. */
  stop(): Promise<void>
  /** Syncs; gives the SHA-256 in hex. */
  finish(): Promise<string>
  close(): Promise<void>
}

/**
 * @param onStart takes the bytes that are there already, in order
 * @throws CheckpointError when they are not those of the checkpoint
 */
export async function growFile(
  i: { path: string; checkpointPath: string; itemBytes: number; start: Checkpoint | undefined },
  onStart: (bytes: Uint8Array, offset: number) => void = () => undefined,
): Promise<GrowingFile> {
  // As it is: another who makes the same file may be ahead, and nothing of what it has written is cut off.
  const file = await open(i.path, constants.O_RDWR | constants.O_CREAT)
  const hash = createHash('sha256')
  let length = 0
  let checkpointMs = performance.now()
  try {
    length = await readStart(file, (i.start?.count ?? 0) * i.itemBytes, hash, onStart)
    if (i.start !== undefined && hash.copy().digest('hex') !== i.start.sha256) throw new CheckpointError(i.path)
  } catch (error) {
    await file.close()
    // Another who makes the same file may have begun it anew since its checkpoint was read.
    throw error instanceof FileTooShortError ? new CheckpointError(i.path) : error
  }
  const write = () =>
    writeCheckpoint(i.checkpointPath, { count: length / i.itemBytes, sha256: hash.copy().digest('hex') })
  return {
    async append(bytes) {
      for (let written = 0; written < bytes.length; )
        written += (await file.write(bytes, written, bytes.length - written, length + written)).bytesWritten
      hash.update(bytes)
      length += bytes.length
      if (performance.now() - checkpointMs < CHECKPOINT_MS) return
      await file.sync()
      await write()
      checkpointMs = performance.now()
    },
    stop: write,
    async finish() {
      await file.sync()
      await write()
      return hash.digest('hex')
    },
    close: () => file.close(),
  }
}

async function readStart(
  file: FileHandle,
  length: number,
  hash: Hash,
  onStart: (bytes: Uint8Array, offset: number) => void,
): Promise<number> {
  for (let at = 0; at < length; at += READ_BYTES) {
    const bytes = await readExactly(file, at, Math.min(READ_BYTES, length - at))
    hash.update(bytes)
    onStart(bytes, at)
  }
  return length
}
