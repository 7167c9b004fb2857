/** What is retrieved is public data, for pages of any origin: also the answer that there was too much of it at once. */
import type { RequestHandler } from 'express'

export const retrievalPaths: string[] = ['/ipfs', '/piece', '/routing']
export const readMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']
const taken = [
  ...['Accept', 'Cache-Control', 'Content-Type', 'If-Match', 'If-None-Match', 'If-Range', 'Range', 'User-Agent'],
  'X-Requested-With',
]
const exposed = [
  ...['Accept-Ranges', 'Content-Disposition', 'Content-Length', 'Content-Range', 'ETag', 'Location', 'Retry-After'],
  ...['X-Chunked-Output', 'X-Ipfs-Path', 'X-Ipfs-Roots', 'X-Stream-Output'],
]

export function openToBrowsers(): RequestHandler {
  return (request, response, next) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Allow-Methods', readMethods.join(', '))
    response.setHeader('Access-Control-Allow-Headers', taken.join(', '))
    response.setHeader('Access-Control-Expose-Headers', exposed.join(', '))
    if (request.method !== 'OPTIONS') return next()
    response.setHeader('Access-Control-Max-Age', '86400')
    response.status(204).end()
  }
}
