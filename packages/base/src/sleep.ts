/** A pause that an abort ends at once, with the abort's reason. */
export function sleep(ms: number, signal?: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Ends early, without an error, when the signal fires: whoever waits looks at the signal itself. */
export function pause(ms: number, signal?: AbortSignal | undefined): Promise<void> {
  return sleep(ms, signal).catch(() => {})
}

/** What somebody else answers, or may never answer: an abort ends the wait, whatever becomes of it. */
export async function unlessAborted<T>(answer: T | Promise<T>, signal?: AbortSignal | undefined): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  try {
    return await Promise.race([aborted.promise, answer])
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
