/**
 * The first Ctrl-C asks the work to stop, so that it leaves everything in order; the second ends the process, and so does time: what
 * does not listen, such as a file system that does not answer, is not waited for. A terminal that goes away is said more than once, by
 * system, shell and npm: nobody has lost patience.
 */
import { EXIT } from './exit-code.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The terminal's signal and the one that npm, or the script before us, passes on are the same Ctrl-C. */
export const SAME_MS = 1_000

/** Longer than the programs of a devnet may take to stop. What is cut off then is lost as in a kill, which loses nothing. */
const STOP_MAX_MS = 15_000

export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  stopMaxMs: number = STOP_MAX_MS,
): Promise<T> {
  const controller = new AbortController()
  let deadline: NodeJS.Timeout | undefined
  let firstMs = Number.POSITIVE_INFINITY
  const interrupt = (by: NodeJS.Signals) => {
    const nowMs = performance.now()
    if (by !== 'SIGHUP' && nowMs - firstMs > SAME_MS) process.exit(EXIT.interrupted)
    firstMs = Math.min(firstMs, nowMs)
    deadline ??= setTimeout(() => process.exit(EXIT.interrupted), stopMaxMs)
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(deadline)
    for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}
