import { GranaryError } from '@granary/base'
import type { Source } from '../ports.ts'

/** What makes 254-bit field elements of a payload takes the rest of its piece (docs/spec/proofs.md, pieces). */
const PAYLOAD_SHARE = 127 / 128

/** No sector of this chain has room for the file. */
export class PieceTooLargeError extends GranaryError {
  constructor(source: Pick<Source, 'name' | 'bytes'>, carBytes: number, pieceSize: number, sectorBytes: number) {
    super({
      code: 'PIECE_TOO_LARGE',
      message: `${source.name} has ${source.bytes} bytes, its CAR ${carBytes}, a piece of ${pieceSize}; the largest piece here is ${sectorBytes} bytes, with room for ${sectorBytes * PAYLOAD_SHARE}`,
      hint: 'split the file, or use a chain whose providers seal larger sectors',
      details: { path: source.name, fileBytes: source.bytes, carBytes, pieceSize, sectorBytes },
    })
  }
}
