/** The thread that reads DAGs for the gateway: its own connection to the index, its own event loop. */
import { parentPort, workerData } from 'node:worker_threads'
import { GranaryError, type WireError } from '@granary/errors'
import { openBlockPlaces } from './block-index.ts'
import type { DagCall, DagMessage, DagQuestion } from './dag-calls.ts'
import { createDagReader } from './dag-reader.ts'
import { createPieceBlocks } from './piece-blocks.ts'

/** Bytes that go over together: a message costs more than a byte. */
const BYTES_A_MESSAGE = 256 * 1024
/** Without a byte for so long, a walk leads nowhere that its reader would wait for. */
const SILENCE_MAX_MS = 30_000

interface OpenStream {
  readonly iterator: AsyncIterator<Uint8Array>
  readonly stopped: AbortController
  /** What ended it after the bytes that have been sent. */
  failure?: unknown
}

const port = parentPort!
const send = (message: DagMessage, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
const blocks = createPieceBlocks(openBlockPlaces(String(workerData)), (event) => send({ event }))
const reader = createDagReader(blocks)
const streams = new Map<number, OpenStream>()

class WalkTooLongError extends GranaryError {
  constructor() {
    super({
      code: 'WALK_TOO_LONG',
      message: `no byte of the content was found in ${SILENCE_MAX_MS / 1_000} s`,
      hint: 'ask for less of the DAG: a path, a range of bytes, or dag-scope=block',
      retryable: false,
    })
  }
}

port.on('message', ({ id, call }: DagQuestion) => {
  answer(id, call).then(
    (value) => send({ id, value }, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []),
    (error: unknown) => send({ id, error: wireOf(error) }),
  )
})

async function answer(id: number, call: DagCall): Promise<unknown> {
  switch (call.type) {
    case 'target':
      return reader.target(call.path)
    case 'file':
      return reader.file(call.cid)
    case 'block':
      return ownBytes([await reader.block(call.cid)])
    case 'car':
      return open(id, (signal) => reader.car(call.path, call.format, { signal }))
    case 'fileBytes':
      return open(id, (signal) => reader.fileBytes(call.cid, call.from, call.to, { signal }))
    case 'next':
      return next(call.stream)
    case 'close':
      return close(call.stream)
  }
}

function open(id: number, read: (signal: AbortSignal) => AsyncIterable<Uint8Array>): void {
  const stopped = new AbortController()
  streams.set(id, { iterator: read(stopped.signal)[Symbol.asyncIterator](), stopped })
}

async function next(id: number): Promise<Uint8Array | undefined> {
  const stream = streams.get(id)
  if (stream === undefined) return undefined
  if (stream.failure !== undefined) throw stream.failure
  const silence = setTimeout(() => stream.stopped.abort(new WalkTooLongError()), SILENCE_MAX_MS)
  const parts: Uint8Array[] = []
  try {
    for (let bytes = 0; bytes < BYTES_A_MESSAGE; ) {
      const part = await stream.iterator.next()
      if (part.done === true) break
      parts.push(part.value)
      bytes += part.value.length
      silence.refresh()
    }
    return parts.length > 0 ? ownBytes(parts) : undefined
  } catch (error) {
    if (parts.length === 0) throw error
    stream.failure = error
    return ownBytes(parts)
  } finally {
    clearTimeout(silence)
  }
}

function close(id: number): void {
  streams.get(id)?.stopped.abort()
  streams.delete(id)
}

/** In memory that can be handed over: what is read may lie in a buffer that others use. */
function ownBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function wireOf(error: unknown): WireError {
  if (GranaryError.is(error)) return error.toJSON()
  const message = Error.isError(error) ? error.message : String(error)
  return { code: 'INTERNAL', message, hint: 'this is a fault of the provider: tell its operator', retryable: true }
}
