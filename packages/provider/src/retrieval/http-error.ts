/** Failures of retrieval as HTTP answers: `{ error }`, or a broken connection once bytes are out. */
import { GranaryError } from '@granary/base'
import type { ErrorRequestHandler } from 'express'

const statuses: Readonly<Record<string, number>> = {
  CID_INVALID: 400,
  PIECE_CID_INVALID: 400,
  REQUEST_INVALID: 400,
  BLOCK_MISSING: 404,
  PATH_NOT_FOUND: 404,
  PIECE_NOT_FOUND: 404,
  NOT_A_FILE: 406,
  FORMAT_UNSUPPORTED: 406,
  CODEC_UNSUPPORTED: 406,
  NOT_CACHED: 412,
  RANGE_INVALID: 416,
  DAG_INVALID: 422,
  IDENTITY_TOO_LONG: 422,
  ROUTING_CID_INVALID: 422,
  BLOCK_CORRUPT: 500,
  PIECE_UNREADABLE: 503,
  READER_LOST: 503,
  WALK_TOO_LONG: 504,
}

/** Set before the first byte is read, and wrong in an answer that says why there is none. */
const headersOfContent = [
  'Accept-Ranges',
  'Cache-Control',
  'Content-Disposition',
  'Content-Length',
  'Content-Type',
  'ETag',
  'X-Ipfs-Path',
  'X-Ipfs-Roots',
]

export class RequestInvalidError extends GranaryError {
  constructor(message: string, hint: string) {
    super({ code: 'REQUEST_INVALID', message, hint, retryable: false })
  }
}

/** Errors that are not of this list go on to the program's own handler. */
export function retrievalErrors(): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error)
    for (const name of headersOfContent) response.removeHeader(name)
    if (!GranaryError.is(error)) return next(error)
    const status = statuses[error.code]
    if (status === undefined) return next(error)
    // The range that an error of 416 names is that of the content, which it was asked for outside of.
    if (status !== 416) response.removeHeader('Content-Range')
    response.status(status).json({ error })
  }
}
