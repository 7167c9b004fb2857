/** What the thread that reads DAGs does with each question: streams stay open between questions, until they are closed. */
import { GranaryError } from '@granary/base'
import { answerWants, type WantSources } from './answer-wants.ts'
import type { DagCall, PartOfStream } from './dag-calls.ts'
import type { DagReader } from './dag-reader.ts'
import { isInLeafMemory, roomBefore } from './leaf-memory.ts'
import type { PieceBlocks } from './piece-blocks.ts'

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
  readonly iterator: AsyncIterator<Uint8Array>
  readonly stop: AbortController
  /** Of what it will give, where that is known. */
  left: number | undefined
  /** A leaf that did not go with what came before it. */
  held?: Uint8Array<SharedArrayBuffer> | undefined
  /** What ended it after the bytes that have been sent. */
  failure?: unknown
}

/** @returns a function that answers the question of that number; bytes that it gives are the caller's own */
export function answerDagCalls(
  reader: DagReader,
  { pieceRange, has }: Pick<PieceBlocks, 'pieceRange' | 'has'>,
  giveBack: WantSources['giveBack'],
): (id: number, call: DagCall) => Promise<unknown> {
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

  function open(
    id: number,
    left: number | undefined,
    read: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  ): Promise<PartOfStream> {
    const stop = new AbortController()
    stops.set(id, stop)
    streams.set(id, { left, iterator: read(stop.signal)[Symbol.asyncIterator](), stop })
    return partOf(id)
  }

  async function partOf(id: number): Promise<PartOfStream> {
    const stream = streams.get(id)
    if (stream === undefined) return { bytes: new Uint8Array(), isLast: true }
    const { bytes, isLast } = await next(stream)
    if (stream.left !== undefined) stream.left -= bytes.length
    if (!isLast && stream.left !== 0) return { bytes, isLast }
    close(id)
    return { bytes, isLast: true }
  }

  function close(id: number): void {
    stops.get(id)?.abort()
    stops.delete(id)
    // It may have a file open.
    streams
      .get(id)
      ?.iterator.return?.()
      .catch(() => undefined)
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
        return { bytes: given(await bounded(id, (signal) => reader.block(call.cid, { signal }))) }
      case 'wanted':
        return bounded(id, (signal) => answerWants(call.wants, { block: reader.block, has, giveBack }, signal))
      case 'car':
        return open(id, undefined, (signal) => reader.car(call.path, call.format, { signal }))
      case 'fileBytes':
        return open(id, call.to - call.from, (signal) => reader.fileBytes(call.cid, call.from, call.to, { signal }))
      case 'pieceBytes':
        return open(id, call.to - call.from, (signal) => pieceRange(call.piece, call.from, call.to, { signal }))
      case 'next':
        return partOf(call.stream)
      case 'close':
        return close(call.call)
    }
  }
}

/** Bytes that go over together. */
async function next(stream: OpenStream): Promise<PartOfStream> {
  if (stream.failure !== undefined) throw stream.failure
  const { held } = stream
  stream.held = undefined
  if (held !== undefined) return { bytes: held, isLast: false }
  const silence = setTimeout(() => stream.stop.abort(new WalkTooLongError()), SILENCE_MAX_MS)
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    while (bytes < BYTES_A_MESSAGE) {
      const { value: part, done } = await stream.iterator.next()
      if (done === true) return { bytes: joined(parts), isLast: true }
      silence.refresh()
      const isLeaf = isInLeafMemory(part)
      if (isLeaf && bytes <= roomBefore) return { bytes: behind(parts, part), isLast: false }
      if (isLeaf) {
        stream.held = part
        break
      }
      parts.push(part)
      bytes += part.length
    }
    return { bytes: joined(parts), isLast: false }
  } catch (error) {
    if (parts.length === 0) throw error
    stream.failure = error
    return { bytes: joined(parts), isLast: false }
  } finally {
    clearTimeout(silence)
  }
}

/** As it was read, where it is alone in its memory. */
function given(bytes: Uint8Array): Uint8Array {
  const isAlone = bytes.length >= OWN_BYTES_MIN && bytes.length === bytes.buffer.byteLength
  return isAlone || isInLeafMemory(bytes) ? bytes : joined([bytes])
}

/** A leaf with what comes before it, in the leaf's memory. */
function behind(parts: readonly Uint8Array[], leaf: Uint8Array<SharedArrayBuffer>): Uint8Array {
  const before = bytesOf(parts)
  return put(parts, new Uint8Array(leaf.buffer, leaf.byteOffset - before, before + leaf.length))
}

/** In memory that can be handed over: what is read may lie in a buffer that others use. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return put(parts, new Uint8Array(bytesOf(parts)))
}

function put<Memory extends Uint8Array>(parts: readonly Uint8Array[], bytes: Memory): Memory {
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}
