/**
 * A queue that is used before it is open, and whose opening is tried again: what is asked of it waits. So a provider whose
 * Redis is away starts all the same and proves what it has sealed.
 */
import { GranaryError, sleep } from '@granary/base'
import type { Alerts } from '../alerts.ts'
import type { JobMap, JobQueue } from './job-queue.ts'

export interface LateQueue<Jobs extends JobMap> extends Omit<JobQueue<Jobs>, 'backend'> {
  /** Resolves when it has opened for the first time, rejects with what kept the first try from it. */
  readonly firstTry: Promise<void>
}

const RETRY_MS = 5_000

export function createLateQueue<Jobs extends JobMap>(
  open: () => Promise<JobQueue<Jobs>>,
  alerts: Alerts,
): LateQueue<Jobs> {
  const stopping = new AbortController()
  const { signal } = stopping
  const first = open()
  const opened = first.catch(tryAgain)
  // Whoever waits for a job sees why there is none; nobody else has to.
  opened.catch(() => {})
  const firstTry = first.then(() => undefined)
  firstTry.catch(() => {})

  async function tryAgain(error: unknown): Promise<JobQueue<Jobs>> {
    signal.throwIfAborted()
    alerts.raise({ code: 'QUEUE_UNAVAILABLE', ...described(error) })
    await sleep(RETRY_MS, signal)
    const queue = await open().catch(tryAgain)
    alerts.clear('QUEUE_UNAVAILABLE')
    return queue
  }

  let isOpen: JobQueue<Jobs> | undefined
  opened.then(
    (queue) => {
      isOpen = queue
    },
    () => {},
  )

  return {
    firstTry,
    slots: () => isOpen?.slots() ?? 1,
    run: async (request, options) => {
      const queue = await unlessAborted(opened, options?.signal)
      return await queue.run(request, options)
    },
    stop: async () => {
      stopping.abort(new DOMException('the queue is stopping', 'AbortError'))
      await opened.then(
        (queue) => queue.stop(),
        () => {},
      )
    },
  }
}

function described(error: unknown): { message: string; hint: string } {
  const waits = 'Sealing waits for it and goes on by itself; proofs do not need it.'
  if (GranaryError.is(error)) return { message: error.message, hint: `${error.hint} ${waits}` }
  return { message: `the queue does not open: ${Error.isError(error) ? error.message : String(error)}`, hint: waits }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return await Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}
