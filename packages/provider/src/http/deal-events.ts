/** A deal's timeline as server-sent events: first what has happened, then what happens, from Last-Event-ID on. */
import { openStream, type Served } from '@granary/protocol/http'
import type { followDeal } from '@granary/protocol/market'
import { type FindDealContext, findDeal } from '../deals/find-deal.ts'
import type { Timeline } from '../deals/timeline.ts'

const KEEP_ALIVE_MS = 15_000

/** @throws DealNotFoundError */
export async function sendTimeline(
  context: FindDealContext & { readonly timeline: Timeline },
  { params, request, response }: Served<typeof followDeal>,
): Promise<void> {
  const { timeline } = context
  const deal = await findDeal(context, params.id)
  // Gone meanwhile: nothing would stop what begins here.
  if (response.closed) return
  let lastId = Number(/^\d{1,15}$/.exec(request.get('last-event-id') ?? '')?.[0] ?? 0)

  if (!openStream({ request, response })) return
  const send = (): void => {
    for (let entries = timeline.read(deal.agreementId, lastId); entries.length > 0; ) {
      for (const entry of entries) {
        response.write(`id: ${entry.id}\nevent: ${entry.type}\ndata: ${JSON.stringify(entry)}\n\n`)
        lastId = entry.id
      }
      entries = timeline.read(deal.agreementId, lastId)
    }
  }
  const stopListening = timeline.onAppend(deal.agreementId, send)
  const keepAlive = setInterval(() => response.write(': keep-alive\n\n'), KEEP_ALIVE_MS)
  response.on('close', () => {
    stopListening()
    clearInterval(keepAlive)
  })
  send()
}
