/** An error as it leaves a worker thread: neither a queue nor a message between threads keeps more than its text. */
import { GranaryError, isAbortError, type WireError } from '@granary/base'

/** What a thread's work came to. */
export type JobOutcome<Result = unknown> = { ok: true; result: Result } | { ok: false; error: WireError }

export function toWireError(error: unknown): WireError {
  if (GranaryError.is(error)) {
    const { code, message, hint, retryable, details } = error
    return details === undefined ? { code, message, hint, retryable } : { code, message, hint, retryable, details }
  }
  if (isAbortError(error)) {
    return { code: 'JOB_CANCELLED', message: 'the job was cancelled', hint: 'Ask for it again.', retryable: true }
  }
  const code = (error as { code?: unknown } | null)?.code
  return {
    code: typeof code === 'string' ? code : 'JOB_FAILED',
    message: Error.isError(error) ? error.message : String(error),
    hint: 'It is tried again. If it happens each time, look at disk space, memory and the folder named above.',
    retryable: true,
  }
}
