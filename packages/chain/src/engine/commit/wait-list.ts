/** Those who wait for a transaction's block. */
import type { GranaryError } from '@granary/base'
import type { Hash } from '@granary/protocol/messages'

export interface WaitList {
  wait(id: Hash, signal: AbortSignal | undefined): Promise<void>
  resolve(id: Hash): void
  reject(id: Hash, error: GranaryError): void
  rejectAll(error: GranaryError): void
}

interface Waiter {
  resolve(): void
  reject(reason: unknown): void
}

export function createWaitList(): WaitList {
  const waiters = new Map<Hash, Set<Waiter>>()

  function settle(id: Hash, each: (waiter: Waiter) => void): void {
    const settled = waiters.get(id)
    waiters.delete(id)
    settled?.forEach(each)
  }

  return {
    wait(id, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      if (signal?.aborted) {
        reject(signal.reason)
        return promise
      }
      const waiter = { resolve, reject }
      const queue = waiters.get(id) ?? new Set<Waiter>()
      waiters.set(id, queue.add(waiter))
      const onAbort = () => {
        queue.delete(waiter)
        if (queue.size === 0 && waiters.get(id) === queue) waiters.delete(id)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      return promise.finally(() => signal?.removeEventListener('abort', onAbort))
    },
    resolve: (id) => settle(id, (waiter) => waiter.resolve()),
    reject: (id, error) => settle(id, (waiter) => waiter.reject(error)),
    rejectAll(error) {
      for (const id of [...waiters.keys()]) settle(id, (waiter) => waiter.reject(error))
    },
  }
}
