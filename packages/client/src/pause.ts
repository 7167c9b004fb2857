/** Ends early, without an error, when the signal fires: whoever waits looks at the signal itself. */
export function pause(ms: number, signal?: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', done)
    resolve()
  }
  const timer = setTimeout(done, ms)
  signal?.addEventListener('abort', done, { once: true })
  if (signal?.aborted) done()
  return promise
}
