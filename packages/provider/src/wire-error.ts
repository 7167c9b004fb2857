/** An error as it leaves a worker thread: neither a queue nor a message between threads keeps more than its text. */
import { GranaryError, isAbortError, relayedCode, type WireError } from '@granary/base'

/** What a thread's work came to. */
export type JobOutcome<Result = unknown> = { ok: true; result: Result } | { ok: false; error: WireError }

export function toWireError(error: unknown): WireError {
  if (GranaryError.is(error)) return error.toJSON()
  if (isAbortError(error)) {
    return new GranaryError({
      code: 'JOB_CANCELLED',
      message: 'the job was cancelled',
      hint: 'Ask for it again.',
    }).toJSON()
  }
  const code = (error as { code?: unknown } | null)?.code
  return new GranaryError({
    code: typeof code === 'string' ? relayedCode(code) : 'JOB_FAILED',
    message: Error.isError(error) ? error.message : String(error),
    hint: 'It is tried again. If it happens each time, look at disk space, memory and the folder named above.',
    retryable: true,
  }).toJSON()
}
