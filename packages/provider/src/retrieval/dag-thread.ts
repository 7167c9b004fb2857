/**
 * The gateway's end of the thread that reads DAGs. A thread that dies fails what it was asked, and the next question begins
 * another. What is asked ends when its signal says so, and is over when the thread has said that it is.
 */
import { Worker } from 'node:worker_threads'
import { GranaryError } from '@granary/base'
import type { ReadOptions } from '@granary/content'
import type { Denylist } from '../denylist/denylist.ts'
import type { Log } from '../log.ts'
import type { Want } from './bitswap-message.ts'
import type { StoredPiece } from './block-index.ts'
import type {
  AnsweredWants,
  DagAnswers,
  DagCall,
  DagMessage,
  DagOrder,
  DagQuestion,
  DagReaderData,
  PartOfStream,
} from './dag-calls.ts'
import type { DagReader } from './dag-reader.ts'
import { isInLeafMemory, leafMemoryOf } from './leaf-memory.ts'

/** The bytes of a stream are there until the next are asked for, those of a block until they are given back. */
export interface LendingDagReader extends DagReader {
  /** Bytes that nobody looks at any more: their memory is used for others. */
  giveBack(bytes: Uint8Array): void
}

export interface LendingPieceReader {
  /** Bytes `from` to `to`, exclusive, of a piece's file; each block is hashed before a byte of it. */
  pieceBytes(piece: StoredPiece, from: number, to: number, options?: ReadOptions): AsyncIterable<Uint8Array>
}

export interface WantsReader {
  /** As many of what a peer asks for by bitswap as one message answers. */
  wanted(wants: readonly Want[]): Promise<AnsweredWants>
}

export interface DagThread extends LendingDagReader, LendingPieceReader, WantsReader {
  deny(denylists: readonly Denylist[]): void
  stop(): Promise<void>
}

export interface DagThreadOptions {
  /** The file of the block index. */
  readonly indexPath: string
  /** @default none */
  readonly denylists?: readonly Denylist[]
  readonly log: Log
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

interface Running {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
}

/** A DAG that needs more than this to be decoded costs its own requests, and never the provider's memory. */
const HEAP_MAX_MB = 512

class ReaderLostError extends GranaryError {
  constructor(cause: unknown) {
    super({
      code: 'READER_LOST',
      message: 'the thread that read this content has ended',
      hint: 'try again; if it happens each time, fetch the piece and read the content from that',
      cause,
    })
  }
}

export function createDagThread({ indexPath, denylists = [], log }: DagThreadOptions): DagThread {
  let denied = denylists
  let running: Running | undefined
  let lastId = 0
  /** Who gets memory back that was lent, once. */
  const lenders = new WeakMap<SharedArrayBuffer, Worker>()

  function start(): Running {
    const source = import.meta.url.endsWith('.ts')
    const worker = new Worker(new URL(`./dag-worker.${source ? 'ts' : 'js'}`, import.meta.url), {
      workerData: { indexPath, denylists: denied } satisfies DagReaderData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
      execArgv: source ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning'] : [],
    })
    worker.unref()
    const started: Running = { worker, waiting: new Map() }
    const lose = (cause?: unknown): void => {
      if (running === started) running = undefined
      for (const { reject } of started.waiting.values()) reject(new ReaderLostError(cause))
      started.waiting.clear()
    }
    worker.on('message', (message: DagMessage) => {
      if ('event' in message) return log(message.event)
      const asked = started.waiting.get(message.id)
      started.waiting.delete(message.id)
      if ('error' in message) asked?.reject(GranaryError.fromWire(message.error))
      else {
        const memory = leafMemoryOf(message.value)
        if (memory !== undefined) lenders.set(memory, worker)
        asked?.resolve(message.value)
      }
    })
    worker.on('error', (error) => {
      log({ type: 'reader-lost', level: 'warn', error: String(error) })
      lose(error)
    })
    worker.on('exit', () => lose())
    return started
  }

  function ask<Call extends DagCall>(call: Call, at: Running): Promise<DagAnswers[Call['type']]> {
    const question: DagQuestion = { id: ++lastId, call }
    if (at !== running) return Promise.reject(new ReaderLostError(undefined))
    return new Promise((resolve, reject) => {
      at.waiting.set(question.id, { resolve: resolve as (value: unknown) => void, reject })
      at.worker.postMessage(question)
    })
  }

  function close(call: number, at: Running): void {
    if (running === at) ask({ type: 'close', call }, at).catch(() => undefined)
  }

  async function askUntil<Call extends DagCall>(
    call: Call,
    { signal }: ReadOptions = {},
  ): Promise<DagAnswers[Call['type']]> {
    signal?.throwIfAborted()
    const at = current()
    const id = lastId + 1
    return await closedBy(signal, id, at, ask(call, at))
  }

  /** Waits for the answer all the same: until then the thread is at work on it. */
  async function closedBy<Answer>(
    signal: AbortSignal | undefined,
    id: number,
    at: Running,
    answer: Promise<Answer>,
  ): Promise<Answer> {
    const stop = (): void => close(id, at)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await answer
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  function current(): Running {
    running ??= start()
    return running
  }

  async function* stream(
    begin: Extract<DagCall, { type: 'car' | 'fileBytes' | 'pieceBytes' }>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted()
    const at = current()
    const id = lastId + 1
    let coming: Promise<PartOfStream> | undefined = ask(begin, at)
    try {
      while (coming !== undefined) {
        signal?.throwIfAborted()
        const { bytes, isLast }: PartOfStream = await closedBy(signal, id, at, coming)
        // Read while these are sent.
        coming = isLast ? undefined : askAhead(id, at)
        try {
          if (bytes.length > 0) yield bytes
        } finally {
          giveBack(bytes)
        }
      }
    } finally {
      if (coming !== undefined) {
        close(id, at)
        coming.then(({ bytes }) => giveBack(bytes)).catch(() => undefined)
      }
    }
  }

  function askAhead(stream: number, at: Running): Promise<PartOfStream> {
    const coming = ask({ type: 'next', stream }, at)
    // Its failure is for who asks for what comes next, and may come before.
    coming.catch(() => undefined)
    return coming
  }

  function giveBack(bytes: Uint8Array): void {
    if (!isInLeafMemory(bytes)) return
    const { buffer } = bytes
    const to = lenders.get(buffer)
    lenders.delete(buffer)
    to?.postMessage({ memory: buffer } satisfies DagOrder)
  }

  return {
    target: (path, options) => askUntil({ type: 'target', path }, options),
    block: async (cid, options) => (await askUntil({ type: 'block', cid }, options)).bytes,
    entity: (cid, sniff, options) => askUntil({ type: 'entity', cid, sniff }, options),
    list: (cid, options) => askUntil({ type: 'list', cid }, options),
    objectText: (cid, options) => askUntil({ type: 'objectText', cid }, options),
    car: (path, format, options) => stream({ type: 'car', path, format }, options?.signal),
    fileBytes: (cid, from, to, options) => stream({ type: 'fileBytes', cid, from, to }, options?.signal),
    pieceBytes: (piece, from, to, options) => stream({ type: 'pieceBytes', piece, from, to }, options?.signal),
    wanted: (wants) => askUntil({ type: 'wanted', wants }),
    giveBack,
    deny(next) {
      denied = next
      running?.worker.postMessage({ denylists: next } satisfies DagOrder)
    },
    async stop() {
      await running?.worker.terminate()
    },
  }
}
