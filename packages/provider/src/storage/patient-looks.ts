/**
 * Looks at volumes of which one may hang: a server of NFS that is gone, a disk that dies. Each volume has a thread of its own that
 * looks, and who asks waits for the answer, but not for long: then nothing is seen on that volume, and nothing more is asked of it,
 * until the answer has come. What is not on a volume is looked at directly: without its home this process can do nothing.
 */
import { sep } from 'node:path'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { type DiskLooks, type DiskRoom, diskLooks, type Looks } from './disk-looks.ts'
import { watchDiskReads } from './disk-reads.ts'
import type { DiskAnswer, DiskQuestion, DiskThreadData, ThreadLooks } from './disk-thread.ts'

export interface PatientLooks extends Looks {
  /** Ends the threads; one that hangs is left to itself. */
  stop(): void
}

export interface PatientLooksOptions {
  /** Nothing else goes on meanwhile. @default 1000 */
  readonly waitMs?: number
  /** Between looks at whether the disks still read. @default 1000 */
  readonly tickMs?: number
}

const WAIT_MS = 1_000
/** The thread has to be loaded; nothing else goes on yet at a start. */
const FIRST_WAIT_MS = 10_000
/** Of a disk that was late before: it holds up the others once, and not each time. */
const LATE_WAIT_MS = 20
/** It only asks the system: its heap is next to nothing. */
const HEAP = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 }

interface DiskThread {
  readonly volume: string
  readonly worker: Worker
  readonly port: MessagePort
  readonly answered: Int32Array<SharedArrayBuffer>
  waitMs: number
  /** When it was asked what is not answered yet. */
  askedAtMs: number | undefined
}

/** @param volumes their folders, as they are at this moment */
export function createPatientLooks(
  volumes: () => readonly string[],
  { waitMs = WAIT_MS, tickMs }: PatientLooksOptions = {},
): PatientLooks {
  const threads = new Map<string, DiskThread>()
  const reads = watchDiskReads(volumes, tickMs)

  function threadFor(path: string): DiskThread | undefined {
    const named = volumes()
    for (const [each, thread] of threads) if (!named.includes(each)) end(each, thread)
    const volume = named.find((each) => path === each || path.startsWith(each + sep))
    if (volume === undefined) return undefined
    const known = threads.get(volume)
    if (known !== undefined) return known
    const started = startThread(volume)
    threads.set(volume, started)
    // What it was asked is not answered: the next look begins another.
    started.worker.on('exit', () => threads.get(volume) === started && threads.delete(volume))
    started.worker.on('error', () => {})
    return started
  }

  function end(path: string, { worker }: DiskThread): void {
    threads.delete(path)
    void worker.terminate()
  }

  /** Each answer that came late is one more reason to wait longer for the next: it is slow, and does not hang. */
  function isSilent(thread: DiskThread): boolean {
    if (thread.askedAtMs !== undefined && answerOf(thread) !== undefined)
      thread.waitMs = Math.min(2 * thread.waitMs, waitMs)
    return thread.askedAtMs !== undefined || reads.lateMs(thread.volume) > 0
  }

  function look<Name extends keyof DiskLooks & keyof ThreadLooks>(
    name: Name,
    path: string,
    unseen: ReturnType<DiskLooks[Name]>,
  ): ReturnType<DiskLooks[Name]> {
    const thread = threadFor(path)
    if (thread === undefined) return diskLooks[name](path) as ReturnType<DiskLooks[Name]>
    return (ask(thread, name, path) ?? unseen) as ReturnType<DiskLooks[Name]>
  }

  /** Undefined where nothing is seen. */
  function ask<Name extends keyof ThreadLooks>(
    thread: DiskThread,
    name: Name,
    path: string,
  ): ReturnType<ThreadLooks[Name]> | undefined {
    if (isSilent(thread)) return undefined
    const { port, answered } = thread
    const before = Atomics.load(answered, 0)
    thread.askedAtMs = Date.now()
    port.postMessage({ look: name, path } satisfies DiskQuestion)
    Atomics.wait(answered, 0, before, thread.waitMs)
    const answer = answerOf(thread)
    // Where it was waited for in full; what was given less is not given less again.
    if (answer === undefined && thread.waitMs >= waitMs) thread.waitMs = LATE_WAIT_MS
    if (answer === undefined) return undefined
    thread.waitMs = waitMs
    if (answer.error !== undefined) throw answer.error
    return answer.value as ReturnType<ThreadLooks[Name]>
  }

  /** All of them, or none where the disk falls silent meanwhile. */
  function names(folder: string): readonly string[] {
    const thread = threadFor(folder)
    if (thread === undefined) return diskLooks.names(folder)
    const found: string[] = []
    for (let part = ask(thread, 'firstNames', folder); part?.length !== 0; part = ask(thread, 'nextNames', folder)) {
      if (part === undefined) return []
      found.push(...part)
    }
    return found
  }

  return {
    exists: (path) => look('exists', path, false),
    text: (path) => look('text', path, undefined),
    isWritable: (path) => look('isWritable', path, false),
    names,
    room: (folder) => look('room', folder, noRoom),
    file: (path) => look('file', path, undefined),
    silentMs: (path) => {
      const thread = threadFor(path)
      if (thread === undefined || !isSilent(thread)) return 0
      return Math.max(1, Date.now() - (thread.askedAtMs ?? Date.now()), reads.lateMs(thread.volume))
    },
    stop: () => {
      reads.stop()
      for (const [path, thread] of threads) end(path, thread)
    },
  }
}

const noRoom: DiskRoom = { bytes: 0, freeBytes: 0, device: -1 }

/** The answer to what was asked, once it has come. */
function answerOf(thread: DiskThread): DiskAnswer | undefined {
  const answer = receiveMessageOnPort(thread.port)?.message as DiskAnswer | undefined
  if (answer !== undefined) thread.askedAtMs = undefined
  return answer
}

function startThread(volume: string): DiskThread {
  const source = import.meta.url.endsWith('.ts')
  const { port1: port, port2 } = new MessageChannel()
  const answered = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL(`./disk-thread.${source ? 'ts' : 'js'}`, import.meta.url), {
    workerData: { port: port2, answered } satisfies DiskThreadData,
    transferList: [port2],
    resourceLimits: HEAP,
    execArgv: source ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning'] : [],
  })
  worker.unref()
  return { volume, worker, port, answered, waitMs: FIRST_WAIT_MS, askedAtMs: undefined }
}
