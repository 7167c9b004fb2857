/**
 * Worker threads that do the jobs of a processor file, one at a time each. Each is begun with a job that finds none, and goes with one
 * that ends it. One that does not hear that its job is cancelled, since the disk that it works on hangs, is left to itself: its place is
 * another's.
 */
import { Worker } from 'node:worker_threads'
import { type JobOutcome, toWireError } from '../wire-error.ts'
import { crashed, type JobProgressReport, type QueueWorkerOptions, stoppedError, threadArguments } from './job-queue.ts'
import type { FromThread, ToThread } from './local-thread.ts'

/** An urgent job finds a thread that no other has. */
export type Line = 'sealing' | 'urgent'
export const lines: readonly Line[] = ['sealing', 'urgent']

export interface JobThreads {
  /** What it comes to; JOB_CANCELLED soon after the signal, whatever the thread does. */
  perform(
    line: Line,
    task: Exclude<ToThread, 'cancel'>,
    onReport: (report: JobProgressReport) => void,
    signal: AbortSignal,
  ): Promise<JobOutcome>
  /** Ends them, whatever they do. */
  stop(): Promise<void>
}

/** Sealing stops within a tenth of a second, and a step that is being synced with that. */
const CANCEL_MS = 10_000

export function createJobThreads({
  processor,
  machine,
  cancelMs = CANCEL_MS,
}: Pick<QueueWorkerOptions, 'processor' | 'machine' | 'cancelMs'>): JobThreads {
  const threads = new Set<Worker>()
  const idle: Readonly<Record<Line, Worker[]>> = { sealing: [], urgent: [] }

  function openThread(line: Line): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const opened = new Worker(new URL(`./local-thread.${extension}`, import.meta.url), {
      execArgv: threadArguments(processor),
      workerData: { processor: processor.href, machine },
    })
    threads.add(opened)
    // What it died of reaches who waits for its job.
    opened.on('error', () => {})
    opened.once('exit', () => {
      threads.delete(opened)
      if (idle[line].includes(opened)) idle[line].splice(idle[line].indexOf(opened), 1)
    })
    return opened
  }

  /** It ends with its disk. */
  function leave(thread: Worker): void {
    threads.delete(thread)
    thread.unref()
    void thread.terminate()
  }

  return {
    perform: async (line, task, onReport, signal) => {
      // Nobody waits for it any more.
      signal.throwIfAborted()
      const doing = idle[line].pop() ?? openThread(line)
      const { promise, resolve } = Promise.withResolvers<JobOutcome>()
      let late: NodeJS.Timeout | undefined
      const cancel = (): void => {
        doing.postMessage('cancel' satisfies ToThread)
        late = setTimeout(() => {
          leave(doing)
          resolve({ ok: false, error: toWireError(stoppedError()) })
        }, cancelMs)
      }
      const onMessage = (message: FromThread): void => {
        if ('outcome' in message) resolve(message.outcome)
        else onReport(message)
      }
      const onError = (error: unknown): void => resolve(crashed(task.kind, String(error)))
      const onExit = (code: number): void => resolve(crashed(task.kind, `it exited with ${code}`))
      doing.on('message', onMessage).on('error', onError).on('exit', onExit)
      signal.addEventListener('abort', cancel, { once: true })
      try {
        doing.postMessage(task)
        return await promise
      } finally {
        clearTimeout(late)
        signal.removeEventListener('abort', cancel)
        doing.off('message', onMessage).off('error', onError).off('exit', onExit)
        if (threads.has(doing)) idle[line].push(doing)
      }
    },
    stop: async () => {
      await Promise.all([...threads].map((thread) => thread.terminate()))
    },
  }
}
