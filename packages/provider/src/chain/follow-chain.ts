/**
 * The chain's head as this daemon sees it: told by the node's events, and asked for every few blocks in case they stall.
 * Deadlines are heights, so everything that waits, waits here and not for a clock.
 */

import { isAbortError, sleep } from '@granary/base'
import type { ChainClient, FollowedEvent } from '@granary/protocol/client'

export interface ChainHead {
  /** 0 until the first answer. */
  height(): number
  /** Resolves once the chain has that height. */
  reached(height: number, signal: AbortSignal): Promise<void>
  /** Calls back for each event that is about this provider. */
  onEvent(callback: (event: FollowedEvent) => void): void
  run(signal: AbortSignal): Promise<void>
}

const eventTypes = [
  'block',
  'challenge:opened',
  'challenge:void',
  'post:missed',
  'recovery:opened',
  'recovery:missed',
  'sector:expired',
  'sector:terminated',
] as const
const POLL_BLOCKS = 3
const POLL_MS_MAX = 5_000
const RECONNECT_MS = 1_000

export function createChainHead({ chain, provider }: { chain: ChainClient; provider: number }): ChainHead {
  let height = 0
  const waiting = new Map<() => void, number>()
  const callbacks: ((event: FollowedEvent) => void)[] = []

  function heard(seen: number): void {
    if (seen <= height) return
    height = seen
    for (const [wake, wanted] of waiting) if (wanted <= height) wake()
  }

  async function followEvents(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const event of chain.events({ types: [...eventTypes], signal })) {
          heard(event.height)
          if ('provider' in event && event.provider === provider) for (const callback of callbacks) callback(event)
        }
      } catch (error) {
        if (isAbortError(error)) return
        // The node is away: whoever needs an answer from it says so; here it is only waited for.
        await sleep(RECONNECT_MS, signal).catch(() => {})
      }
    }
  }

  async function poll(signal: AbortSignal): Promise<void> {
    let waitMs = RECONNECT_MS
    while (!signal.aborted) {
      try {
        const status = await chain.status({ signal })
        waitMs = Math.min(status.blockTimeMs * POLL_BLOCKS, POLL_MS_MAX)
        // A node that is behind, or was restored from an older copy: deadlines are those of the chain that is there.
        if (status.height < height) height = status.height
        heard(status.height)
      } catch {
        waitMs = RECONNECT_MS
      }
      await sleep(waitMs, signal).catch(() => {})
    }
  }

  return {
    height: () => height,
    reached: async (wanted, signal) => {
      signal.throwIfAborted()
      if (height >= wanted) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.set(resolve, wanted)
      try {
        await promise
      } finally {
        waiting.delete(resolve)
        signal.removeEventListener('abort', onAbort)
      }
    },
    onEvent: (callback) => {
      callbacks.push(callback)
    },
    run: async (signal) => {
      await Promise.all([followEvents(signal), poll(signal)])
    },
  }
}
