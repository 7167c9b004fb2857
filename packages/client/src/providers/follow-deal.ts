/**
 * The timeline of a deal as its provider tells it: first the entries that there are, then each new one. When the connection
 * breaks, it is made again and goes on behind the last entry; the stream ends only with the signal.
 */

import { isAbortError, systemClock } from '@granary/base'
import { readBody, readServerSentEvents } from '@granary/protocol/client'
import type { TimelineEntry } from '@granary/protocol/events'
import * as market from '@granary/protocol/market'
import { pathOf } from '@granary/protocol/operation'
import type { Clock, Fetch } from '../ports.ts'
import { errorOf, parseJson } from './request-json.ts'

const RECONNECT_MS = 500
/** A provider with nothing to tell says so every 15 s: one that says nothing for this long hangs, or the line is dead. */
const SILENCE_MAX_MS = 45_000

/** A deal, and the provider that tells its story. */
export interface FollowDealInput {
  readonly endpoint: string
  /** Agreement id (0x hex) or the number of the deal on the chain. */
  readonly deal: string | number
  readonly fetch?: Fetch | undefined
  /** @default the machine's */
  readonly clock?: Clock | undefined
}

/** How a deal is followed. */
export interface FollowDealOptions {
  readonly signal?: AbortSignal | undefined
  /** Called once for each outage: the provider does not answer, and is tried again until it does. */
  readonly onBroken?: (error: unknown) => void
}

/** @throws the provider's refusal, such as DEAL_NOT_FOUND; a provider that does not answer is waited for */
export async function* followDeal(
  input: FollowDealInput,
  options: FollowDealOptions = {},
): AsyncGenerator<TimelineEntry> {
  const { endpoint, deal, fetch = globalThis.fetch, clock = systemClock } = input
  const { signal, onBroken } = options
  const url = endpoint + pathOf(market.followDeal, { id: deal })
  let broken = false
  let last: string | undefined
  for (;;) {
    signal?.throwIfAborted()
    // It ends the story; a broken connection does not.
    let refusal: Error | undefined
    const silence = new AbortController()
    const wait = () => clock.after(SILENCE_MAX_MS, () => silence.abort('no answer in time'))
    let timer = wait()
    const onBytes = (): void => {
      timer[Symbol.dispose]()
      timer = wait()
    }
    try {
      const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) }
      const either = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal
      const response = await fetch(url, { headers, signal: either })
      const { status } = response
      // 408 and 429 ask to come again later; the other 4xx mean it.
      if (status >= 400 && status < 500 && status !== 408 && status !== 429)
        refusal = errorOf(url, status, parseJson(await readBody(response)))
      if (response.ok && response.body) {
        broken = false
        for await (const event of readServerSentEvents(response.body, onBytes)) {
          const entry = market.followDeal.answer.safeParse(parseJson(event.data))
          if (!entry.success || entry.data.id === last) continue
          last = entry.data.id
          yield entry.data
        }
      }
    } catch (error) {
      if (isAbortError(error) || signal?.aborted) throw error
      if (!broken) onBroken?.(error)
      broken = true
    } finally {
      timer[Symbol.dispose]()
    }
    if (refusal !== undefined) throw refusal
    await clock.sleep(RECONNECT_MS, signal)
  }
}
