/** The first Ctrl-C asks the work to stop, so that it leaves everything in order; the second ends the process. */
import { EXIT } from './exit-code.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The terminal's signal and the one that npm, or the script before us, passes on are the same Ctrl-C. */
export const SAME_MS = 1_000

export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let firstMs = Number.POSITIVE_INFINITY
  const interrupt = () => {
    const nowMs = performance.now()
    if (nowMs - firstMs > SAME_MS) process.exit(EXIT.interrupted)
    firstMs = Math.min(firstMs, nowMs)
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}
