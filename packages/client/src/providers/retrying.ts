/** Tries again what failed for a passing reason, so that a put outlives a restart of its provider. */
import { GranaryError } from '@granary/base'
import pRetry from 'p-retry'

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** @default 4 */
  readonly retries?: number
}

/** Tries again only after a GranaryError that is retryable. @throws the last error */
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
