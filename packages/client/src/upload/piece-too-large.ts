import { GranaryError } from '@granary/base'
import { PAYLOAD_SHARE } from '../padded-size-of.ts'
import type { Source } from '../ports.ts'

/** No sector of this chain has room for the file. */
export class PieceTooLargeError extends GranaryError {
  /** @param carBytes: undefined when the file alone is too large already, without the CAR around it */
  constructor(
    source: Pick<Source, 'name' | 'bytes'>,
    carBytes: number | undefined,
    pieceSize: number,
    sectorBytes: number,
  ) {
    const car = carBytes === undefined ? 'its CAR more, a piece of at least' : `its CAR ${carBytes}, a piece of`
    super({
      code: 'PIECE_TOO_LARGE',
      message: `${source.name} has ${source.bytes} bytes, ${car} ${pieceSize}; the largest that a provider of this chain takes into a sector is ${sectorBytes}, with room for ${sectorBytes * PAYLOAD_SHARE}`,
      hint: 'split the file, or use a chain whose providers seal larger sectors',
      details: { path: source.name, fileBytes: source.bytes, carBytes, pieceSize, sectorBytes },
    })
  }
}
