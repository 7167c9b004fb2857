/**
 * A queue that is used before it is open, whose opening is tried again, and that is opened anew when its store is lost:
 * what is asked of it waits. So a provider whose Redis is away, or whose disk is full, starts all the same and proves what
 * it has sealed, and one whose queue is deleted while it runs goes on sealing.
 */
import { GranaryError, sleep } from '@granary/base'
import type { Alerts } from '../alerts.ts'
import { type JobMap, type JobQueue, QueueLostError } from './job-queue.ts'

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
  let opened = seenByWaiters(first.catch(tryAgain))
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

  async function openAnew(lost: JobQueue<Jobs>, error: QueueLostError): Promise<JobQueue<Jobs>> {
    alerts.raise({ code: 'QUEUE_UNAVAILABLE', ...described(error) })
    // Its threads end first: two of them at the same sector would write the same files.
    await lost.stop().catch(() => {})
    signal.throwIfAborted()
    const queue = await open().catch(tryAgain)
    alerts.clear('QUEUE_UNAVAILABLE')
    return queue
  }

  return {
    firstTry,
    run: async (request, options) => {
      for (;;) {
        const asked = opened
        const queue = await unlessAborted(asked, options?.signal)
        try {
          return await queue.run(request, options)
        } catch (error) {
          if (!(error instanceof QueueLostError)) throw error
          if (opened === asked) opened = seenByWaiters(openAnew(queue, error))
        }
      }
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

/** Whoever waits for a job sees why there is none; nobody else has to. */
function seenByWaiters<T>(opening: Promise<T>): Promise<T> {
  opening.catch(() => {})
  return opening
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
