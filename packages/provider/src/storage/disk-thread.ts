/** The thread that looks at one volume's disk: if that hangs, this hangs. */
import type { MessagePort } from 'node:worker_threads'
import { workerData } from 'node:worker_threads'
import { type DiskLooks, diskLooks } from './disk-looks.ts'
import { createNameParts, type NameParts } from './name-parts.ts'

export interface DiskThreadData {
  readonly port: MessagePort
  /** Its number rises with each answer. */
  readonly answered: Int32Array<SharedArrayBuffer>
}

/** What it is asked, each with a path. */
export type ThreadLooks = Omit<DiskLooks, 'names'> & NameParts

export interface DiskQuestion {
  readonly look: keyof ThreadLooks
  readonly path: string
}

export interface DiskAnswer {
  readonly value?: unknown
  readonly error?: unknown
}

const { port, answered } = workerData as DiskThreadData
const looks: ThreadLooks = { ...diskLooks, ...createNameParts() }

port.on('message', ({ look, path }: DiskQuestion) => {
  let answer: DiskAnswer
  try {
    answer = { value: looks[look](path) }
  } catch (error) {
    answer = { error }
  }
  port.postMessage(answer)
  Atomics.add(answered, 0, 1)
  Atomics.notify(answered, 0)
})
