/** Public routes are for browsers of any origin; nothing here is authorised by a cookie. */
import { UPLOADS_PATH } from '@granary/protocol/market'
import type { RequestHandler } from 'express'

const exposed = ['Location', 'Retry-After', 'Tus-Resumable', 'Upload-Offset', 'Upload-Length', 'Upload-Expires']

export function cors(): RequestHandler {
  return (request, response, next) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Expose-Headers', exposed.join(', '))
    const isPreflight = request.method === 'OPTIONS' && request.get('access-control-request-method') !== undefined
    // tus answers its own OPTIONS, which also say what it can do.
    if (!isPreflight || request.originalUrl.startsWith(UPLOADS_PATH)) return next()
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST')
    response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type, Last-Event-ID, Range')
    response.setHeader('Access-Control-Max-Age', '86400')
    response.status(204).end()
  }
}
