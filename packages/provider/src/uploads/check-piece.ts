/**
 * Every block of a CAR hashed against its CID, and the piece commitment over the same bytes, in one reading of the file and in bounded
 * memory. The file may still grow meanwhile: what is in it already is checked beside what arrives (ADR 89).
 */
import { type FileHandle, open } from 'node:fs/promises'
import { CarInvalidError, sectionBytesMax, verifyCar } from '@granary/content'
import type { PieceCommitment } from '@granary/proofs/piece'
import { createKernelPieceHasher, PIECE_PART_BYTES } from '@granary/proofs/piece/node'

/** Who reads a CAR holds what a block is in, and the part that it begins in. */
const PARTS = Math.ceil(sectionBytesMax / PIECE_PART_BYTES)

export interface PieceCheck {
  readonly bytesRead: number
  /** So many bytes are in the file, and stay as they are. They are read as parts are full. */
  advance(bytes: number): void
  /**
   * Reads the rest, up to the end of the file.
   * @throws CarInvalidError CAR_INVALID, CarRootMismatchError CAR_ROOT_MISMATCH, FileReplacedError, or the error of the file system
   */
  finish(): Promise<PieceCommitment>
}

/** Another file lies there than the one whose bytes were checked. */
export class FileReplacedError extends Error {
  constructor(path: string) {
    super(`${path} was replaced while it was read`)
  }
}

/** @param rootCid undefined: the payload may be any bytes */
export function checkPiece(path: string, rootCid: string | undefined): PieceCheck {
  const hasher = createKernelPieceHasher({ partsMax: PARTS })
  let bytesThere = 0
  let bytesRead = 0
  let isWhole = false
  let more = Promise.withResolvers<void>()

  async function* parts(): AsyncGenerator<Uint8Array> {
    let seen: { dev: bigint; ino: bigint } | undefined
    const isFull = (): boolean => bytesThere - bytesRead >= PIECE_PART_BYTES
    for (;;) {
      while (!isWhole && !isFull()) await more.promise
      // Open only while there is something to read: an upload may rest for hours, and its disk be taken out.
      await using file = await open(path)
      const { dev, ino } = await file.stat({ bigint: true })
      seen ??= { dev, ino }
      if (seen.dev !== dev || seen.ino !== ino) throw new FileReplacedError(path)
      while (isWhole || isFull()) {
        const bytes = await hasher.fill((room) => readFully(file, room, bytesRead))
        if (bytes.length === 0) return
        bytesRead += bytes.length
        yield bytes
      }
    }
  }

  async function run(): Promise<PieceCommitment> {
    const source = parts()
    try {
      if (rootCid === undefined) await drain(source)
      // A CAR of a part of a larger file may lack the root's block; one without any block would be a deal for nothing.
      else if ((await drain(verifyCar(source, { root: rootCid }))) === 0)
        throw new CarInvalidError('empty', 'there is no block in it', { offset: 0 })
      return await hasher.digest()
    } finally {
      // A CAR that is refused at its header has its source left as it is.
      await source.return(undefined)
    }
  }

  const result = run()
  // Who finishes it learns of its failure.
  result.catch(() => undefined)
  const wake = (): void => {
    more.resolve()
    more = Promise.withResolvers()
  }
  return {
    get bytesRead() {
      return bytesRead
    },
    advance(bytes) {
      bytesThere = bytes
      wake()
    },
    finish() {
      isWhole = true
      wake()
      return result
    },
  }
}

/** Parts are whole but for the last: what a read leaves out is asked for again. */
async function readFully(file: FileHandle, room: Uint8Array, at: number): Promise<number> {
  let filled = 0
  while (filled < room.length) {
    const { bytesRead } = await file.read(room, filled, room.length - filled, at + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

async function drain(source: AsyncIterable<unknown>): Promise<number> {
  let items = 0
  for await (const _ of source) items += 1
  return items
}
