/** CommD of a sector from its pieces, and where each piece lies. docs/spec/proofs.md section 2. */
import { GranaryError } from '@granary/base'
import { isPowerOfTwo, log2Floor } from './bytes.ts'
import { UNIT_PADDED_BYTES } from './fr32.ts'
import { NODE_BYTES } from './profile.ts'
import { pushSubtree, rootOf, type Subtree } from './subtree-stack.ts'

export class PiecesDoNotFitError extends GranaryError {
  constructor(piece: number, end: number, sectorBytes: number) {
    super({
      code: 'PIECES_DO_NOT_FIT',
      message: `piece ${piece} would end at byte ${end} of a sector of ${sectorBytes} bytes`,
      hint: 'a piece is aligned to its own size: put larger pieces first, or fewer pieces into the sector',
      details: { piece, end, sectorBytes },
    })
  }
}

export class PieceSizeError extends GranaryError {
  constructor(what: string, size: number) {
    super({
      code: 'PIECE_SIZE_INVALID',
      message: `${what} is ${size} bytes`,
      hint: 'padded sizes are powers of two of at least 128 bytes',
    })
  }
}

/**
 * The offset of each piece in the sector, in padded bytes.
 * @param paddedSizes powers of two ≥ 128, in sector order
 * @throws PiecesDoNotFitError PIECES_DO_NOT_FIT, PieceSizeError PIECE_SIZE_INVALID
 */
export function placePieces(paddedSizes: readonly number[], sectorBytes: number): number[] {
  assertPaddedSize('the sector', sectorBytes)
  let cursor = 0
  return paddedSizes.map((size, piece) => {
    assertPaddedSize(`piece ${piece}`, size)
    const offset = Math.ceil(cursor / size) * size
    cursor = offset + size
    if (cursor > sectorBytes) throw new PiecesDoNotFitError(piece, cursor, sectorBytes)
    return offset
  })
}

/** @throws as placePieces */
export function computeCommD(
  pieces: readonly { readonly root: Uint8Array; readonly paddedSize: number }[],
  sectorBytes: number,
): Uint8Array {
  placePieces(
    pieces.map((piece) => piece.paddedSize),
    sectorBytes,
  )
  const stack: Subtree[] = []
  for (const piece of pieces) pushSubtree(stack, { root: piece.root, height: heightOf(piece.paddedSize) })
  return rootOf(stack, heightOf(sectorBytes))
}

function heightOf(paddedSize: number): number {
  return log2Floor(paddedSize / NODE_BYTES)
}

function assertPaddedSize(what: string, size: number): void {
  if (!isPowerOfTwo(size) || size < UNIT_PADDED_BYTES) throw new PieceSizeError(what, size)
}
