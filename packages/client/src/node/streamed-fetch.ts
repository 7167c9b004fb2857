/**
 * Node's fetch copies bytes that it is given, twice, and what it copies is garbage outside of V8's heap (ADR 74); those of a stream it
 * sends as they are. Of a piece it sends one part while the next is read (ADR 89).
 */
import type { Fetch, PieceSource, RangeBody } from '../ports.ts'

const REDIRECTS = [301, 302, 303, 307, 308]
const PART_BYTES = 2 << 20
/** In memory: what is sent, what is read meanwhile, and one more, for who sends them may be a step ahead of what the socket has taken. */
const PARTS = 3

/** A stream whose length is known. */
class Streamed extends ReadableStream<Uint8Array> {
  readonly bytes: number
  /** A stream cannot be sent a second time. */
  readonly again: () => Promise<Uint8Array<ArrayBuffer>>

  constructor(source: UnderlyingDefaultSource<Uint8Array>, bytes: number, again: Streamed['again']) {
    // Without room of its own a part is read when it is asked for: fetch asks for one while it sends the one before.
    super(source, { highWaterMark: 0 })
    this.bytes = bytes
    this.again = again
  }
}

/** The bytes of a body must not change before the answer is there. */
export const streamedFetch: Fetch = Object.assign(send, { bodiesOf })

async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const streamed = streamedOf(init?.body)
  if (streamed === undefined) return await fetch(input, init)
  const headers = new Headers(init?.headers)
  headers.set('content-length', String(streamed.bytes))
  const once = { ...init, headers, body: streamed, duplex: 'half', redirect: 'manual' } as const
  const response = await fetch(input, once)
  if (!REDIRECTS.includes(response.status)) return response
  await response.body?.cancel()
  return await fetch(input, { ...init, body: await streamed.again() })
}

function streamedOf(body: BodyInit | null | undefined): Streamed | undefined {
  if (body instanceof Streamed) return body
  if (!(body instanceof Uint8Array)) return undefined
  const bytes = body as Uint8Array<ArrayBuffer>
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (bytes.length > 0) controller.enqueue(bytes)
    controller.close()
  }
  return new Streamed({ start }, bytes.length, async () => bytes)
}

function bodiesOf(source: PieceSource): (start: number, end: number) => RangeBody {
  const memories: Uint8Array<ArrayBuffer>[] = []
  let turn = 0
  return (start, end) => {
    let at = start
    let reading: Promise<unknown> = Promise.resolve()
    async function next(): Promise<Uint8Array> {
      const from = at
      at = Math.min(end, from + PART_BYTES)
      const place = turn++ % PARTS
      memories[place] ??= new Uint8Array(Math.min(PART_BYTES, source.size))
      return await source.read(from, at, memories[place])
    }
    async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
      const part = next()
      reading = part
      controller.enqueue(await part)
      if (at === end) controller.close()
    }
    const again = async () => {
      await reading.catch(() => undefined)
      return await source.read(start, end)
    }
    const body = new Streamed({ pull }, end - start, again)
    return { body, ended: async () => void (await reading) }
  }
}
