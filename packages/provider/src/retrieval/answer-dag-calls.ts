/** What the thread that reads DAGs does with each question: streams stay open between questions, until they are closed. */
import { GranaryError } from '@granary/base'
import type { DagCall } from './dag-calls.ts'
import type { DagReader } from './dag-reader.ts'

/** Bytes that go over together: a message costs more than a byte. */
const BYTES_A_MESSAGE = 256 * 1024
/** More than what is inlined in a CID, whose bytes are others' too. */
const OWN_BYTES_MIN = 64 * 1024
/** Without a byte for so long, a walk leads nowhere that its reader would wait for. */
const SILENCE_MAX_MS = 30_000

export class WalkTooLongError extends GranaryError {
  constructor() {
    super({
      code: 'WALK_TOO_LONG',
      message: `nothing of the content was found in ${SILENCE_MAX_MS / 1_000} s`,
      hint: 'ask for less of the DAG: a path, a range of bytes, or dag-scope=block',
    })
  }
}

interface OpenStream {
  /** Whether nobody looks any more at what it has given: a walk over a DAG does. */
  readonly gives: boolean
  readonly iterator: AsyncIterator<Uint8Array>
  readonly stop: AbortController
  /** What ended it after the bytes that have been sent. */
  failure?: unknown
}

/** @returns a function that answers the question of that number; bytes that it gives are the caller's own */
export function answerDagCalls(reader: DagReader): (id: number, call: DagCall) => Promise<unknown> {
  const stops = new Map<number, AbortController>()
  const streams = new Map<number, OpenStream>()

  async function bounded<Answer>(id: number, look: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const stop = new AbortController()
    stops.set(id, stop)
    const silence = setTimeout(() => stop.abort(new WalkTooLongError()), SILENCE_MAX_MS)
    try {
      return await look(stop.signal)
    } finally {
      clearTimeout(silence)
      stops.delete(id)
    }
  }

  function open(id: number, gives: boolean, read: (signal: AbortSignal) => AsyncIterable<Uint8Array>): void {
    const stop = new AbortController()
    stops.set(id, stop)
    streams.set(id, { gives, iterator: read(stop.signal)[Symbol.asyncIterator](), stop })
  }

  function close(id: number): void {
    stops.get(id)?.abort()
    stops.delete(id)
    streams.delete(id)
  }

  return async (id, call) => {
    switch (call.type) {
      case 'target':
        return bounded(id, (signal) => reader.target(call.path, { signal }))
      case 'entity':
        return bounded(id, (signal) => reader.entity(call.cid, call.sniff, { signal }))
      case 'list':
        return bounded(id, (signal) => reader.list(call.cid, { signal }))
      case 'objectText':
        return bounded(id, (signal) => reader.objectText(call.cid, { signal }))
      case 'block':
        return given([await bounded(id, (signal) => reader.block(call.cid, { signal }))])
      case 'car':
        return open(id, false, (signal) => reader.car(call.path, call.format, { signal }))
      case 'fileBytes':
        return open(id, true, (signal) => reader.fileBytes(call.cid, call.from, call.to, { signal }))
      case 'next': {
        const stream = streams.get(call.stream)
        return stream === undefined ? undefined : next(stream)
      }
      case 'close':
        return close(call.call)
    }
  }
}

async function next(stream: OpenStream): Promise<Uint8Array | undefined> {
  if (stream.failure !== undefined) throw stream.failure
  const silence = setTimeout(() => stream.stop.abort(new WalkTooLongError()), SILENCE_MAX_MS)
  const parts: Uint8Array[] = []
  try {
    for (let bytes = 0; bytes < BYTES_A_MESSAGE; ) {
      const part = await stream.iterator.next()
      if (part.done === true) break
      parts.push(part.value)
      bytes += part.value.length
      silence.refresh()
    }
    if (parts.length === 0) return undefined
    return stream.gives ? given(parts) : joined(parts)
  } catch (error) {
    if (parts.length === 0) throw error
    stream.failure = error
    return joined(parts)
  } finally {
    clearTimeout(silence)
  }
}

/** Handed over as it is where it is alone in its memory: a leaf, as it was read. */
function given(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  const isAlone = parts.length === 1 && only !== undefined && only.length === only.buffer.byteLength
  return isAlone && only.length >= OWN_BYTES_MIN ? only : joined(parts)
}

/** In memory that can be handed over: what is read may lie in a buffer that others use. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
