/**
 * What a parent says first over standard input, which it holds open: the end of it is for `untilStopped`.
 * @throws the signal's reason
 */
export function lineOfParent(stdin: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const onData = (chunk: Buffer | string): void => {
    text += String(chunk)
    const end = text.indexOf('\n')
    if (end >= 0) resolve(text.slice(0, end))
  }
  const onAbort = (): void => reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  stdin.on('data', onData)
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
    // Still read, or nobody would hear of its end.
    stdin.off('data', onData).resume()
  })
}
