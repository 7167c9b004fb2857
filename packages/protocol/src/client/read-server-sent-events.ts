/** Server-sent events out of a response body: the event stream format of the HTML standard, section 9.2.6. */
import { createParser } from 'eventsource-parser'
import { chunksOf } from './chunks-of.ts'

export interface ServerSentEvent {
  /** Of this event, or the last one that was named before it; empty when none was. */
  readonly id: string
  readonly event: string
  readonly data: string
}

/** An event longer than this is not one of ours: the parser then gives the stream up instead of growing without bound. */
const EVENT_CHARACTERS_MAX = 4 * 1024 * 1024

/**
 * Yields each complete event; one that the connection cut in the middle is not delivered.
 * @param onBytes told how many have come, those of comments too, by which an idle server shows that it is there
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
  onBytes?: (count: number) => void,
): AsyncGenerator<ServerSentEvent> {
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
  for await (const chunk of chunksOf(body)) {
    onBytes?.(chunk.length)
    parser.feed(decoder.decode(chunk, { stream: true }))
    const events = complete
    complete = []
    yield* events
  }
}
