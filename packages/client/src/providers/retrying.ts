/** Tries again what failed for a passing reason, so that a put outlives a restart of its provider. */
import { GranaryError, retry } from '@granary/base'

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** @default 4 */
  readonly retries?: number
}

/** Tries again only after a GranaryError that is retryable, and nobody who has taken all of the time. @throws the last error */
export async function retrying<T>(run: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { signal, retries = 4 } = options
  const isPassing = (error: unknown) => GranaryError.is(error) && error.retryable && !isLate(error)
  return await retry(run, { retries, minMs: 250, factor: 2, isPassing, signal })
}

/** The next try would take as long again. */
function isLate({ cause }: GranaryError): boolean {
  return Error.isError(cause) && cause.name === 'TimeoutError'
}
