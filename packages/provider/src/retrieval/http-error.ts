/** What retrieval refuses, and what becomes of an answer that has begun and fails. */
import { GranaryError } from '@granary/base'
import type { ErrorRequestHandler } from 'express'

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
    super({ code: 'REQUEST_INVALID', message, hint })
  }
}

/** Takes back what was said of the content; the program's own handler answers. */
export function retrievalErrors(): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error)
    for (const name of headersOfContent) response.removeHeader(name)
    // The range that is named where none can be given is that of the content.
    if (!GranaryError.is(error) || error.code !== 'RANGE_INVALID') response.removeHeader('Content-Range')
    if (isPathMalformed(error)) response.status(400).json({ error })
    else next(error)
  }
}

/** A CID stands in the path here, not in what is sent: without one there is nothing that was asked for. */
function isPathMalformed(error: unknown): boolean {
  return GranaryError.is(error) && (error.code === 'CID_INVALID' || error.code === 'PIECE_CID_INVALID')
}
