/** What a payload takes in a sector: 127 bytes of every 128 are data, in a power of two (docs/spec/proofs.md, pieces). */

export const PIECE_BYTES_MIN = 128
/** The rest is what makes 254-bit field elements of it. */
export const PAYLOAD_SHARE: number = 127 / 128

/** Bytes of the piece that so many bytes of a CAR make. */
export function paddedSizeOf(payloadSize: number): number {
  let pieceSize = PIECE_BYTES_MIN
  while (pieceSize * PAYLOAD_SHARE < payloadSize) pieceSize *= 2
  return pieceSize
}
