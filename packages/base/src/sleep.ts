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
