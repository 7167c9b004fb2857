/** Pages of any origin may read, and send what is signed: a signature says who wants it, not where it comes from. */
import type { RequestHandler } from 'express'
import { GENESIS_HEADER, HEIGHT_HEADER } from './name-chain.ts'

const MAY_SEND: ReadonlySet<string> = new Set(['/v1/txs'])
const EXPOSED = ['retry-after', 'ratelimit', 'ratelimit-policy', GENESIS_HEADER, HEIGHT_HEADER].join(', ')
const REMEMBER_SECONDS = 86_400

export const allowPages: RequestHandler = (request, response, next) => {
  response.set('access-control-allow-origin', '*')
  response.set('access-control-expose-headers', EXPOSED)
  if (request.method !== 'OPTIONS') return next()
  const maySend = MAY_SEND.has(request.path)
  response.set('access-control-allow-methods', maySend ? 'GET, HEAD, POST' : 'GET, HEAD')
  response.set('access-control-allow-headers', maySend ? 'content-type, last-event-id' : 'last-event-id')
  response.set('access-control-max-age', String(REMEMBER_SECONDS))
  response.status(204).end()
}
