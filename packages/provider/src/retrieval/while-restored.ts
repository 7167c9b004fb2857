/** Says of what cannot be read because its piece is being made again or read in when to come again, or why that cannot be done. */
import { GranaryError } from '@granary/base'
import { parsePieceCid, pieceCidV1 } from '@granary/proofs/verify'
import type { Request, RequestHandler, Response } from 'express'
import { PieceUnsealingError, type RestorationOf } from '../storage/restoration.ts'
import type { StoredPiece } from './block-index.ts'

export interface WhileRestored {
  readonly restorationOf: RestorationOf
  /** Pieces that are stored and not in the index: what is in them nobody knows, but what they are stored for. */
  readonly unindexed: () => Iterable<StoredPiece>
  /** Those of them that will be there. */
  readonly isIndexing: (pieceCid: string) => boolean
}

export class PieceIndexingError extends GranaryError {
  constructor(pieceCid: string) {
    super({
      code: 'PIECE_INDEXING',
      message: `where the blocks of piece ${pieceCid} lie is being read`,
      hint: 'ask again after the time in Retry-After, or ask another provider',
      details: { pieceCid, retryAfterSeconds: 1 },
    })
  }
}

export function whileRestored(sources: WhileRestored, handle: RequestHandler): RequestHandler {
  return async (request, response, next) => {
    try {
      await handle(request, response, next)
    } catch (error) {
      throw GranaryError.is(error) ? explained(error, request, response, sources) : error
    }
  }
}

function explained(error: GranaryError, request: Request, response: Response, sources: WhileRestored): GranaryError {
  if (response.headersSent) return error
  for (const pieceCid of concerned(error, request, sources)) {
    const restoration = sources.restorationOf(pieceCid)
    if (restoration?.state === 'failed') return restoration.error
    if (restoration !== undefined) return new PieceUnsealingError(pieceCid, restoration.sinceMs, Date.now())
    if (sources.isIndexing(pieceCid)) return new PieceIndexingError(pieceCid)
  }
  return error
}

function concerned({ code, details }: GranaryError, { params }: Request, { unindexed }: WhileRestored): string[] {
  switch (code) {
    case 'BLOCK_CORRUPT':
    case 'PIECE_UNREADABLE':
      return [String(details?.pieceCid)]
    case 'BLOCK_MISSING':
    case 'PIECE_NOT_FOUND':
      return [...unindexed()]
        .filter(({ pieceCid, rootCid }) => isNamed(pieceCid, params.pieceCid) || (rootCid ?? '') === params.cid)
        .map(({ pieceCid }) => pieceCid)
    default:
      return []
  }
}

/** By either version. */
function isNamed(pieceCid: string, name: unknown): boolean {
  return pieceCid === name || pieceCidV1(parsePieceCid(pieceCid).root) === name
}
