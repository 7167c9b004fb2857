/** Whether the unsealed pieces of a sector are those that it was sealed from, before hours go into sealing it again. */
import { GranaryError, toHex } from '@granary/base'
import { commitPieceFile } from '@granary/proofs/piece/node'
import { parsePieceCid } from '@granary/proofs/verify'

export interface PieceToCheck {
  readonly path: string
  readonly pieceCid: string
}

export class PieceDamagedError extends GranaryError {
  constructor({ path, pieceCid }: PieceToCheck, why: string) {
    super({
      code: 'PIECE_DAMAGED',
      message: `${path} is not piece ${pieceCid} any more: ${why}`,
      hint: 'Put a copy of the piece there, or have its owner send it again: then the sector is sealed again.',
      details: { path, pieceCid },
    })
  }
}

/** @throws PieceDamagedError PIECE_DAMAGED */
export async function checkPieces(pieces: readonly PieceToCheck[]): Promise<null> {
  for (const piece of pieces) {
    const found = await commitPieceFile(piece.path).catch((error: unknown) => {
      throw new PieceDamagedError(piece, Error.isError(error) ? error.message : String(error))
    })
    if (toHex(found.root) !== toHex(parsePieceCid(piece.pieceCid).root)) {
      throw new PieceDamagedError(piece, 'its bytes have changed')
    }
  }
  return null
}
