/**
 * Node's fetch copies bytes that it is given, twice, and what it copies is garbage outside of V8's heap (ADR 74); those of a stream it
 * sends as they are.
 */
import type { Fetch } from '../ports.ts'

const REDIRECTS = [301, 302, 303, 307, 308]

/** The bytes of a body must not change before the answer is there. */
export const streamedFetch: Fetch = async (input, init) => {
  const bytes = init?.body
  if (!(bytes instanceof Uint8Array)) return await fetch(input, init)
  const headers = new Headers(init?.headers)
  headers.set('content-length', String(bytes.length))
  // A stream cannot be sent a second time.
  const streamed = { ...init, headers, body: streamOf(bytes), duplex: 'half', redirect: 'manual' } as const
  const response = await fetch(input, streamed)
  if (!REDIRECTS.includes(response.status)) return response
  await response.body?.cancel()
  return await fetch(input, init)
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}
