/**
 * The data of a sector as fr32 nodes: pieces at their places, zeros between and after them. Read from the piece files
 * in any order; nothing of it is stored a second time.
 */
import { open, stat } from 'node:fs/promises'
import { GranaryError } from '@granary/errors'
import { readExactly } from '../io/read-exactly.ts'
import { padFr32, UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES } from '../piece/fr32.ts'
import { placePieces } from '../verify/comm-d.ts'

export interface SectorPiece {
  readonly path: string
  readonly payloadSize: number
  readonly paddedSize: number
}

/** `offset` and `length` in padded bytes, multiples of 128. */
export type ReadSectorData = (offset: number, length: number) => Promise<Uint8Array>

export class PieceFileError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'PIECE_FILE_INVALID',
      message: `piece file ${path} ${why}`,
      hint: 'give the file whose piece was agreed on, unchanged, and its payload size',
      retryable: false,
      cause,
    })
  }
}

/** @throws PiecesDoNotFitError, PieceSizeError, PieceFileError PIECE_FILE_INVALID */
export async function openSectorData(pieces: readonly SectorPiece[], sectorBytes: number): Promise<ReadSectorData> {
  const offsets = placePieces(
    pieces.map((piece) => piece.paddedSize),
    sectorBytes,
  )
  for (const piece of pieces) await checkPiece(piece)
  return async (offset, length) => {
    const nodes = new Uint8Array(length)
    for (const [i, piece] of pieces.entries()) {
      const start = Math.max(offset, offsets[i]!)
      const end = Math.min(offset + length, offsets[i]! + piece.paddedSize)
      if (start < end) nodes.set(await readNodes(piece, start - offsets[i]!, end - start), start - offset)
    }
    return nodes
  }
}

async function checkPiece(piece: SectorPiece): Promise<void> {
  const { path, payloadSize, paddedSize } = piece
  const status = await stat(path).catch((cause: unknown) => {
    throw new PieceFileError(path, 'cannot be read', cause)
  })
  if (status.size !== payloadSize) throw new PieceFileError(path, `has ${status.size} bytes, not ${payloadSize}`)
  if (payloadSize > payloadCapacity(paddedSize))
    throw new PieceFileError(path, `of ${payloadSize} bytes does not fit into a piece of ${paddedSize}`)
}

async function readNodes(piece: SectorPiece, start: number, length: number): Promise<Uint8Array> {
  const nodes = new Uint8Array(length)
  const from = payloadCapacity(start)
  const bytes = Math.min(piece.payloadSize, payloadCapacity(start + length)) - from
  if (bytes <= 0) return nodes
  const file = await open(piece.path)
  try {
    nodes.set(padFr32(await readExactly(file, from, bytes)))
  } finally {
    await file.close()
  }
  return nodes
}

/** Payload bytes in so many padded ones. */
function payloadCapacity(paddedBytes: number): number {
  return (paddedBytes / UNIT_PADDED_BYTES) * UNIT_PAYLOAD_BYTES
}
