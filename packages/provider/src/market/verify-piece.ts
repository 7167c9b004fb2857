/** The provider believes nothing about an upload: what its file holds is checked, and is what the terms say or refused. */
import { GranaryError } from '@granary/base'
import type { PieceCommitment } from '@granary/proofs/piece'
import { pieceCidV2 } from '@granary/proofs/verify'
import { checkPiece } from '../uploads/check-piece.ts'

export class PieceMismatchError extends GranaryError {
  constructor(what: string, actual: string | number, expected: string | number) {
    super({
      code: 'PIECE_MISMATCH',
      message: `${what} is ${actual}, the terms say ${expected}`,
      hint: 'send the CAR that was quoted, or terms that name what was sent',
      details: { what, actual, expected },
    })
  }
}

export interface ExpectedPiece {
  readonly pieceCid: string
  /** Padded. */
  readonly pieceSize: number
  readonly payloadSize: number
  /** Undefined: the payload may be any bytes. */
  readonly rootCid: string | undefined
}

/**
 * @param checked of the same bytes, when that has been done
 * @throws CarInvalidError CAR_INVALID, CarRootMismatchError CAR_ROOT_MISMATCH, PieceMismatchError
 */
export async function verifyPiece(path: string, expected: ExpectedPiece, checked?: PieceCommitment): Promise<void> {
  const actual = checked ?? (await checkPiece(path, expected.rootCid).finish())
  if (actual.payloadSize !== expected.payloadSize)
    throw new PieceMismatchError('the payload size', actual.payloadSize, expected.payloadSize)
  // The chain would refuse the deal, after the room was kept for it.
  if (actual.paddedSize !== expected.pieceSize)
    throw new PieceMismatchError('the piece size', actual.paddedSize, expected.pieceSize)
  const pieceCid = pieceCidV2(actual)
  if (pieceCid !== expected.pieceCid) throw new PieceMismatchError('the piece CID', pieceCid, expected.pieceCid)
}
