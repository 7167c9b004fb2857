/** The same call again, after a pause that grows. */
import { sleep } from './sleep.ts'

export interface RetryOptions {
  readonly retries: number
  readonly minMs: number
  /** @default none */
  readonly maxMs?: number
  readonly factor: number
  /** Up to twice as long, so that many who fail together do not come again together. @default false */
  readonly spread?: boolean
  readonly isPassing: (error: unknown) => boolean
  readonly signal?: AbortSignal | undefined
}

/** @throws the last error, and the reason of an abort */
export async function retry<T>(run: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retries, minMs, maxMs = Number.POSITIVE_INFINITY, factor, spread = false, isPassing, signal } = options
  for (let tried = 0; ; tried += 1) {
    signal?.throwIfAborted()
    try {
      return await run()
    } catch (error) {
      if (tried >= retries || !isPassing(error)) throw error
      await sleep(Math.min(maxMs, minMs * factor ** tried * (spread ? 1 + Math.random() : 1)), signal)
    }
  }
}
