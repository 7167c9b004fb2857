/**
 * The chain as this daemon follows it, once for all its parts: one stream of events, which says each block. Where one does not
 * come when it should, the node is asked for its height, and a stream that has stalled is begun anew. Deadlines are heights,
 * so everything that waits, waits here and not for a clock.
 */
import { sleep } from '@granary/base'
import { type ChainClient, ChainUnreachableError, type FollowedEvent } from '@granary/protocol/client'

export interface ChainFollower {
  /** As the node has said last: lower than before where it is behind, or was restored from an older copy. */
  height(): number
  /** Resolves once the chain has that height. */
  reached(height: number, signal: AbortSignal): Promise<void>
  listen(listener: ChainListener): void
  /** The last block that the stream has said; undefined where the next one is late, or may not be heard. */
  heard(): HeardBlock | undefined
  start(): void
  stop(): Promise<void>
}

export interface ChainListener {
  /** Called in order, and waited for by nobody. */
  onEvent(event: HeardEvent): void
  /** The stream has ended and is begun anew: what has happened in between may not be heard. */
  onGap?(error: unknown): void
}

export interface HeardBlock {
  readonly height: number
  readonly timeMs: number
}

export type HeardEvent = FollowedEvent<(typeof eventTypes)[number]>

const eventTypes = [
  'block',
  'challenge:opened',
  'challenge:void',
  'post:missed',
  'recovery:opened',
  'recovery:missed',
  'sector:expired',
  'sector:terminated',
  'deal:published',
  'deal:active',
  'deal:cancelled',
  'deal:expired',
  'deal:lapsed',
  'deal:terminated',
] as const
const POLL_BLOCKS = 3
const POLL_MS_MAX = 3_000
/** So many blocks that the node has and the stream has not said: it says nothing more. */
const STALLED_BLOCKS = 3
const RECONNECT_MS = 1_000
const ASK_AGAIN_MS = 100
/** In a row, after which the chain is taken to be lower than it was. */
const LOWER_ANSWERS = 2

export interface ChainFollowerInput {
  readonly chain: ChainClient
  /** The chain's height: what happened up to there is known, or asked for. */
  readonly from: number
  /** What it cannot be above by now. @default no bound */
  readonly heightMax?: () => number
}

export function createChainFollower({ chain, from, heightMax }: ChainFollowerInput): ChainFollower {
  let height = from
  /** Up to where events were heard. */
  let heard = from
  let heardAtMs = 0
  let block: HeardBlock | undefined
  /** From one block to when the next one is late; 0 until it is known. */
  let patienceMs = 0
  let descent = new AbortController()
  const stopping = new AbortController()
  const { signal } = stopping
  const waiting = new Map<() => void, number>()
  const listeners: ChainListener[] = []
  let running: Promise<unknown> = Promise.resolve()

  /** @throws ChainUnreachableError of what no chain can have come to, or is no number */
  function requirePossible(named: number): void {
    const max = heightMax?.() ?? Number.MAX_SAFE_INTEGER
    if (named <= max) return
    throw new ChainUnreachableError(chain.url, new Error(`it names block ${named}, and there can be ${max} by now`))
  }

  function rise(seen: number): void {
    if (seen <= height) return
    height = seen
    for (const [wake, wanted] of waiting) if (wanted <= height) wake()
  }

  async function followEvents(): Promise<void> {
    while (!signal.aborted) {
      descent = new AbortController()
      const { signal: fallen } = descent
      try {
        const options = { types: [...eventTypes], since: String(heard) }
        for await (const event of chain.events({ ...options, signal: AbortSignal.any([signal, fallen]) })) {
          fallen.throwIfAborted()
          requirePossible(event.height)
          heard = event.height
          if (event.type === 'block') {
            block = { height: event.height, timeMs: event.timeMs }
            heardAtMs = Date.now()
          }
          rise(event.height)
          for (const listener of listeners) listener.onEvent(event)
        }
      } catch (error) {
        block = undefined
        if (signal.aborted) return
        for (const listener of listeners) listener.onGap?.(error)
        // The node is away: whoever needs an answer from it says so; here it is only waited for.
        if (!fallen.aborted) await sleep(RECONNECT_MS, signal).catch(() => {})
      }
    }
  }

  async function poll(): Promise<void> {
    let waitMs = RECONNECT_MS
    let lower = 0
    while (!signal.aborted) {
      try {
        // An event may be heard before the answer to what was asked before it.
        const before = height
        const status = await chain.status({ signal })
        requirePossible(status.height)
        waitMs = Math.min(status.blockTimeMs * POLL_BLOCKS, POLL_MS_MAX)
        patienceMs = status.blockTimeMs + waitMs
        // A node that is behind, or was restored from an older copy: deadlines are those of the chain that is there.
        // One answer may be that of another node at the same address, which lags.
        lower = status.height < before ? lower + 1 : 0
        if (lower === LOWER_ANSWERS) fall(status.height)
        // Asked again soon: a chain that was restored may be as high again by the next time, with other blocks.
        else if (lower > 0) waitMs = ASK_AGAIN_MS
        rise(status.height)
        if (status.height >= heard + STALLED_BLOCKS && block !== undefined && leftMs() === 0)
          descent.abort(new Error(`the chain is at height ${status.height} and its events are at ${heard}`))
      } catch {
        waitMs = RECONNECT_MS
      }
      do await sleep(waitMs, signal).catch(() => {})
      while (!signal.aborted && lower === 0 && leftMs() > 0)
    }
  }

  /** Until the next block is late: 0 once it is, and where none is heard. */
  function leftMs(): number {
    return block === undefined ? 0 : Math.max(0, heardAtMs + patienceMs - Date.now())
  }

  /** A stream that waits behind a height which is not there any more would miss what happens until it is. */
  function fall(to: number): void {
    const error = new Error(`the chain is at height ${to} and was at ${height}`)
    height = to
    if (heard <= to) return
    heard = to
    descent.abort(error)
  }

  return {
    height: () => height,
    reached: async (wanted, waitSignal) => {
      waitSignal.throwIfAborted()
      if (height >= wanted) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const onAbort = (): void => reject(waitSignal.reason)
      waitSignal.addEventListener('abort', onAbort, { once: true })
      waiting.set(resolve, wanted)
      try {
        await promise
      } finally {
        waiting.delete(resolve)
        waitSignal.removeEventListener('abort', onAbort)
      }
    },
    heard: () => (leftMs() > 0 ? block : undefined),
    listen: (listener) => {
      listeners.push(listener)
    },
    start: () => {
      running = Promise.all([followEvents(), poll()])
    },
    stop: async () => {
      stopping.abort(new DOMException('the provider is stopping', 'AbortError'))
      await running
    },
  }
}
