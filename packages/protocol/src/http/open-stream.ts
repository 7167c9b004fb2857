/** Begins an answer of server-sent events, as every program here does. */
import type { Request, Response } from 'express'

/** @returns whether events may follow: who sent a HEAD has all of the answer now. */
export function openStream({ request, response }: { readonly request: Request; readonly response: Response }): boolean {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // Proxies would hold events back until a buffer is full.
    'x-accel-buffering': 'no',
  })
  if (request.method === 'HEAD') {
    response.end()
    return false
  }
  response.flushHeaders()
  return true
}
