/** The inside of a thread of job-threads.ts: does one job of a processor file at a time. Never imported. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { JobOutcome } from '../wire-error.ts'
import type { JobProgressReport } from './job-queue.ts'
import type { Processor } from './serve-jobs.ts'

/** What the thread is told: a job, or to give up the one that it does. */
export type ToThread = { readonly kind: string; readonly input: unknown } | 'cancel'

/** What it says: any number of reports, then what the job came to. */
export type FromThread = JobProgressReport | { readonly outcome: JobOutcome }

serveThread(parentPort!, (workerData as { processor: string }).processor)

/** @param processor the address of the file whose default export does the jobs */
function serveThread(port: MessagePort, processor: string): void {
  let cancelling = new AbortController()
  const say = (message: FromThread): void => port.postMessage(message)

  async function perform(kind: string, input: unknown): Promise<void> {
    cancelling = new AbortController()
    const { signal } = cancelling
    const loaded = (await import(processor)) as { readonly default: Processor }
    const updateProgress = async (report: object): Promise<void> => say(report as JobProgressReport)
    say({ outcome: await loaded.default({ name: kind, data: input, updateProgress }, '', signal) })
  }

  port.on('message', (message: ToThread) => {
    if (message === 'cancel') cancelling.abort()
    else void perform(message.kind, message.input)
  })
}
