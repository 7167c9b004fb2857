/** Server-sent events out of a response body: the event stream format of the HTML standard, section 9.2.6. */
import { createParser } from 'eventsource-parser'

export interface ServerSentEvent {
  /** Of this event, or the last one that was named before it; empty when none was. */
  readonly id: string
  readonly event: string
  readonly data: string
}

/** An event longer than this is not one of ours: the parser then gives the stream up instead of growing without bound. */
const EVENT_CHARACTERS_MAX = 4 * 1024 * 1024

/** Yields each complete event; one that the connection cut in the middle is not delivered. */
export async function* readServerSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let lastId = ''
  let complete: ServerSentEvent[] = []
  const parser = createParser({
    maxBufferSize: EVENT_CHARACTERS_MAX,
    onEvent: ({ id, event, data }) => {
      lastId = id ?? lastId
      complete.push({ id: lastId, event: event ?? 'message', data })
    },
  })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      const events = complete
      complete = []
      yield* events
    }
  } finally {
    // Frees the connection when the reader of the events stops early.
    await reader.cancel().catch(() => undefined)
  }
}
