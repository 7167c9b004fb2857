/** A deal's timeline as server-sent events: first what has happened, then what happens, from Last-Event-ID on. */
import type { RequestHandler } from 'express'
import { DealNotFoundError } from '../deals/agreement-errors.ts'
import type { DealStore } from '../deals/deal-store.ts'
import type { Timeline } from '../deals/timeline.ts'
import { dealIdParam } from './schemas.ts'

const KEEP_ALIVE_MS = 15_000

export function dealEvents(deals: DealStore, timeline: Timeline): RequestHandler {
  return (request, response) => {
    const id = dealIdParam.parse(request.params.id)
    const deal = deals.find(id)
    if (deal === undefined) throw new DealNotFoundError(id)
    let lastId = Number(/^\d{1,15}$/.exec(request.get('last-event-id') ?? '')?.[0] ?? 0)

    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Proxies would hold events back until a buffer is full.
      'x-accel-buffering': 'no',
    })
    const send = (): void => {
      for (let entries = timeline.read(deal.agreementId, lastId); entries.length > 0; ) {
        for (const entry of entries) {
          response.write(`id: ${entry.id}\nevent: ${entry.type}\ndata: ${JSON.stringify(entry)}\n\n`)
          lastId = entry.id
        }
        entries = timeline.read(deal.agreementId, lastId)
      }
    }
    response.flushHeaders()
    const stopListening = timeline.onAppend(deal.agreementId, send)
    const keepAlive = setInterval(() => response.write(': keep-alive\n\n'), KEEP_ALIVE_MS)
    response.on('close', () => {
      stopListening()
      clearInterval(keepAlive)
    })
    send()
  }
}
