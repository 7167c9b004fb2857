/** The thread that looks at one volume's disk: if that hangs, this hangs. */
import type { MessagePort } from 'node:worker_threads'
import { workerData } from 'node:worker_threads'
import { type DiskLooks, diskLooks } from './disk-looks.ts'

export interface DiskThreadData {
  readonly port: MessagePort
  /** Its number rises with each answer. */
  readonly answered: Int32Array<SharedArrayBuffer>
}

export interface DiskQuestion {
  readonly look: keyof DiskLooks
  readonly path: string
}

export interface DiskAnswer {
  readonly value?: unknown
  readonly error?: unknown
}

const { port, answered } = workerData as DiskThreadData

port.on('message', ({ look, path }: DiskQuestion) => {
  let answer: DiskAnswer
  try {
    answer = { value: diskLooks[look](path) }
  } catch (error) {
    answer = { error }
  }
  port.postMessage(answer)
  Atomics.add(answered, 0, 1)
  Atomics.notify(answered, 0)
})
