/**
 * The blocks of one answer, each hashed before it can be taken, a few of them ahead of who takes them. A provider that is
 * still unsealing, or busy, is asked again when it says so; one that stands still, drips or lies ends the stream.
 * https://specs.ipfs.tech/http-gateways/trustless-gateway/
 */
import { GranaryError } from '@granary/base'
import {
  CarInvalidError,
  type CID,
  multihashKey,
  parseCar,
  readBlock,
  sectionBytesMax,
  verifyBlock,
} from '@granary/content'
import { chunksOf, readBody } from '@granary/protocol/client'
import type { Ports } from '../ports.ts'
import {
  type Asked,
  errorOf,
  ProviderAnswerError,
  ProviderUnreachableError,
  parseJson,
  reasonOf,
} from '../providers/request-json.ts'
import { watchFlow } from '../providers/watch-flow.ts'
import { AnswerBrokenError } from './errors.ts'

/** A provider that sends less than this in that time is given up. */
const FLOW_BYTES_MIN = 16 << 10
const IDLE_MAX_MS = 30_000
/** How long a provider may take to unseal what it no longer has unsealed, and to be busy. */
const UNSEAL_MAX_MS = 10 * 60_000
const BUSY_MAX_MS = 60_000
const RETRY_AFTER_DEFAULT_MS = 2_000
const RETRY_AFTER_MAX_MS = 20_000
/** What is read ahead of who takes blocks; the block that reaches beyond it is still read. */
const AHEAD_BYTES_MAX = 4 << 20

export interface StreamRequest {
  readonly url: string
  /** Of a single block; undefined: it is a CAR that is asked for. */
  readonly cid?: CID
  /** A provider has no reason to send anybody elsewhere; a gateway may. */
  readonly asked: Asked
}

export interface HeldBlock {
  readonly key: string
  readonly bytes: Uint8Array
}

export type StreamState = 'asking' | 'waiting' | 'flowing' | 'ended'

export interface BlockStream {
  readonly state: StreamState
  /** All that has come so far. */
  readonly received: number
  /** The next block, verified; undefined while there is none. */
  readonly head: HeldBlock | undefined
  /** Once it has ended; undefined for an answer that came to its end. */
  readonly failure: GranaryError | undefined
  /** Drops the head. */
  take(): void
  close(): void
}

/** @param onChange called when there is something new to look at */
export function openBlockStream(
  { clock, fetch }: Pick<Ports, 'clock' | 'fetch'>,
  request: StreamRequest,
  onChange: () => void,
): BlockStream {
  const closing = new AbortController()
  const { signal } = closing
  const queue: HeldBlock[] = []
  const flow = watchFlow(FLOW_BYTES_MIN, IDLE_MAX_MS, giveUp, clock)
  let state: StreamState = 'asking'
  let failure: GranaryError | undefined
  let received = 0
  let queued = 0
  let room: (() => void) | undefined

  function giveUp(): void {
    closing.abort(noAnswerInTime(request))
  }

  function enter(next: StreamState): void {
    state = next
    onChange()
  }

  async function push(cid: CID, bytes: Uint8Array): Promise<void> {
    await verifyBlock(cid, bytes)
    queue.push({ key: multihashKey(cid), bytes })
    queued += bytes.length
    onChange()
    if (queued < AHEAD_BYTES_MAX) return
    // Nobody takes blocks at the moment: that is not the provider's silence.
    flow.stop()
    await new Promise<void>((resolve) => {
      room = resolve
    })
    signal.throwIfAborted()
    flow.restart()
  }

  async function* counted(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(body)) {
      received += chunk.length
      flow.received(chunk.length)
      yield chunk
    }
  }

  async function answer(): Promise<ReadableStream<Uint8Array>> {
    const { url, cid, asked } = request
    const headers = { accept: cid === undefined ? CAR : RAW }
    const redirect = asked === 'gateway' ? 'follow' : 'error'
    const beganMs = clock.nowMs()
    for (;;) {
      const response = await fetch(url, { headers, redirect, signal })
      flow.restart()
      const { status, body } = response
      if (status === 200 && body !== null) return body
      const waitedMs = clock.nowMs() - beganMs
      const isUnsealing = status === 202 && waitedMs < UNSEAL_MAX_MS
      const isBusy = (status === 429 || status === 503) && response.headers.has('retry-after') && waitedMs < BUSY_MAX_MS
      if (!isUnsealing && !isBusy) throw errorOf(url, status, parseJson(await readBody(response)), asked)
      await body?.cancel()
      flow.stop()
      enter('waiting')
      await clock.sleep(retryAfterMs(response), signal)
      flow.restart()
      enter('asking')
    }
  }

  async function run(): Promise<void> {
    try {
      const body = await answer()
      enter('flowing')
      const { cid } = request
      if (cid !== undefined)
        return await push(cid, await readBlock({ get: () => bounded(request, counted(body)) }, cid))
      const { blocks } = await parseCar(counted(body))
      for await (const { cid, bytes } of blocks) await push(cid, bytes)
    } catch (error) {
      failure = signal.aborted ? closedBy(signal.reason) : named(request, error, received > 0)
    } finally {
      flow.stop()
      enter('ended')
    }
  }

  signal.addEventListener('abort', () => room?.())
  void run()
  return {
    get state() {
      return state
    },
    get received() {
      return received
    },
    get head() {
      return queue[0]
    },
    get failure() {
      return failure
    },
    take() {
      queued -= queue.shift()?.bytes.length ?? 0
      if (queued < AHEAD_BYTES_MAX) room?.()
    },
    close() {
      queue.length = 0
      closing.abort()
    },
  }
}

const CAR = 'application/vnd.ipld.car; version=1; order=dfs; dups=n'
const RAW = 'application/vnd.ipld.raw'

async function* bounded({ url, asked }: StreamRequest, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > sectionBytesMax)
      throw new ProviderAnswerError(url, `a block of more than ${sectionBytesMax} bytes`, undefined, asked)
    yield chunk
  }
}

export function noAnswerInTime({ url, asked }: Pick<StreamRequest, 'url' | 'asked'>): ProviderUnreachableError {
  return new ProviderUnreachableError(url, 'no answer in time', asked)
}

/** Who closes a stream wants no more of it: that is nobody's failure. */
function closedBy(reason: unknown): GranaryError | undefined {
  return GranaryError.is(reason) ? reason : undefined
}

function named({ url, asked }: StreamRequest, error: unknown, hasBegun: boolean): GranaryError {
  if (error instanceof CarInvalidError && error.reason === 'truncated')
    return new AnswerBrokenError(url, error.message, error)
  if (GranaryError.is(error)) return error
  // An error page without end.
  if (error instanceof RangeError && !hasBegun) return new ProviderAnswerError(url, error.message, undefined, asked)
  return hasBegun ? new AnswerBrokenError(url, reasonOf(error), error) : new ProviderUnreachableError(url, error, asked)
}

/** As long as the provider asks to wait, up to a limit. */
function retryAfterMs(response: Response): number {
  const ms = Number(response.headers.get('retry-after')) * 1_000
  return ms > 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : RETRY_AFTER_DEFAULT_MS
}
