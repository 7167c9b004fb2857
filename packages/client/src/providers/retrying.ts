/** Tries again what failed for a passing reason: a provider that restarts should cost a second, not the whole put. */
import { GranaryError } from '@granary/base'
import pRetry from 'p-retry'

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** @default 4 */
  readonly retries?: number
}

/** Only errors that say of themselves that they are retryable are tried again. */
export async function retrying<T>(run: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { signal, retries = 4 } = options
  signal?.throwIfAborted()
  return await pRetry(run, {
    retries,
    minTimeout: 250,
    factor: 2,
    shouldRetry: ({ error }) => GranaryError.is(error) && error.retryable,
    ...(signal ? { signal } : {}),
  })
}
