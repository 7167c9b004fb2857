/** What a daemon waits for: a signal, or the end of its parent where it was started by one. */
export type StopReason = 'signal' | 'parent'

/** A signal that comes twice at once (the terminal's, and one passed on by npm) is one. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface UntilStoppedOptions {
  /** Standard input is a pipe that the parent holds open: its end is the parent's, however that came about. */
  readonly withParent: boolean
  readonly stdin: NodeJS.ReadableStream
}

export function untilStopped({ withParent, stdin }: UntilStoppedOptions): Promise<StopReason> {
  const { promise, resolve } = Promise.withResolvers<StopReason>()
  for (const signal of SIGNALS) process.on(signal, () => resolve('signal'))
  if (withParent) {
    const gone = () => resolve('parent')
    stdin.on('end', gone).on('close', gone).on('error', gone).resume()
  }
  return promise
}

/** From now on a signal ends the process at once, as it ends one that never waited for any. */
export function leaveSignals(): void {
  for (const signal of SIGNALS) process.removeAllListeners(signal)
}
