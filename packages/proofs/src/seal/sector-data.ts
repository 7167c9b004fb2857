/**
 * The data of a sector: pieces at their places, zeros between and after them. Read from the piece files; nothing of it
 * is stored a second time.
 */
import { stat } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import type { PlacedPiece } from '../kernel/kernel.ts'
import { placePieces } from '../spec/comm-d.ts'
import { UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES } from '../spec/fr32.ts'

export interface SectorPiece {
  readonly path: string
  readonly payloadSize: number
  readonly paddedSize: number
}

export class PieceFileError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'PIECE_FILE_INVALID',
      message: `piece file ${path} ${why}`,
      hint: 'give the file whose piece was agreed on, unchanged, and its payload size',
      cause,
    })
  }
}

/**
 * The pieces where placePieces puts them, their files checked.
 * @throws PiecesDoNotFitError, PieceSizeError, PieceFileError PIECE_FILE_INVALID
 */
export async function placeSectorPieces(
  pieces: readonly SectorPiece[],
  sectorBytes: number,
): Promise<readonly PlacedPiece[]> {
  const offsets = placePieces(
    pieces.map((piece) => piece.paddedSize),
    sectorBytes,
  )
  for (const piece of pieces) await checkPiece(piece)
  return pieces.map(({ path, payloadSize }, i) => ({ path, payloadSize, offset: offsets[i]! }))
}

async function checkPiece(piece: SectorPiece): Promise<void> {
  const { path, payloadSize, paddedSize } = piece
  const status = await stat(path).catch((cause: unknown) => {
    throw new PieceFileError(path, 'cannot be read', cause)
  })
  if (status.size !== payloadSize) throw new PieceFileError(path, `has ${status.size} bytes, not ${payloadSize}`)
  if (payloadSize > (paddedSize / UNIT_PADDED_BYTES) * UNIT_PAYLOAD_BYTES)
    throw new PieceFileError(path, `of ${payloadSize} bytes does not fit into a piece of ${paddedSize}`)
}
