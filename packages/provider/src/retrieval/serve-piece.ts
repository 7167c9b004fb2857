/** GET|HEAD /piece/{pieceCid}, with ranges: the piece's bytes as they were uploaded. */
import { GranaryError } from '@granary/base'
import type { RequestHandler } from 'express'
import { CID } from 'multiformats/cid'
import { ContentDeniedError } from '../denylist/content-denied-error.ts'
import { type Denylist, denialOf } from '../denylist/denylist.ts'
import type { BlockIndex } from './block-index.ts'
import type { LendingPieceReader } from './dag-thread.ts'
import type { PieceBlocks } from './piece-blocks.ts'
import { isKnown, sendRange } from './send-bytes.ts'

export class PieceNotFoundError extends GranaryError {
  constructor(pieceCid: string) {
    super({
      code: 'PIECE_NOT_FOUND',
      message: `there is no piece ${pieceCid} here`,
      hint: "the chain's deals say which providers store it",
    })
  }
}

/** @param denylists: as they are now: a piece is denied by its own CID, or by that of its root */
export function servePiece(
  index: BlockIndex,
  blocks: Pick<PieceBlocks, 'requirePiece'>,
  { pieceBytes }: LendingPieceReader,
  denylists: () => readonly Denylist[],
): RequestHandler {
  return async (request, response) => {
    const wanted = String(request.params.pieceCid)
    const piece = index.piece(wanted)
    if (piece === undefined) throw new PieceNotFoundError(wanted)
    for (const cid of [wanted, piece.pieceCid, piece.rootCid ?? '']) {
      const denial = cid === '' ? undefined : denialOf(denylists(), CID.parse(cid))
      if (denial !== undefined) throw new ContentDeniedError(`piece ${wanted}`, denial)
    }
    const isCar = piece.rootCid !== undefined
    response.setHeader('Cache-Control', 'public, max-age=29030400, immutable')
    response.setHeader('Content-Type', isCar ? 'application/vnd.ipld.car; version=1' : 'application/octet-stream')
    response.setHeader('Content-Disposition', `attachment; filename="${piece.pieceCid}.${isCar ? 'car' : 'bin'}"`)
    response.setHeader('ETag', `"${piece.pieceCid}"`)
    if (request.method === 'HEAD' && !isKnown(request, response)) await blocks.requirePiece(piece)
    await sendRange(request, response, {
      bytes: piece.payloadSize,
      read: (from, to) => pieceBytes(piece, from, to),
    })
  }
}
