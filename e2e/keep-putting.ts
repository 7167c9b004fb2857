/** A put as somebody makes it who needs it done: begun again, from its journal, whenever it fails. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PutResult } from '@granary/client'
import { envelope, type Running, type Workbench } from './harness.ts'
import { putArguments } from './story.ts'

export interface Stored {
  readonly file: string
  readonly data: PutResult
  /** The codes of the errors that it was begun again after. */
  readonly failures: readonly string[]
}

export interface KeptPut {
  /** The codes of the errors that it was begun again after, so far. */
  readonly failures: readonly string[]
  readonly stored: Promise<Stored>
  /** When a line of its progress is found by the pattern; false when it reported its deal without one. */
  said(pattern: RegExp): Promise<boolean>
}

const TRIES_MAX = 40
const PAUSE_MS = 1_000

export function keepPutting(bench: Workbench, file: string, chainUrl: string, args: readonly string[] = []): KeptPut {
  const start = (): Running => bench.start([...putArguments(file, chainUrl), ...args])
  const failures: string[] = []
  let running = start()
  let over = false

  async function store(): Promise<Stored> {
    try {
      for (;;) {
        const finished = await running.finished
        if (finished.code === 0) return { file, data: envelope<PutResult>(finished).data, failures }
        failures.push(envelope(finished).code)
        if (failures.length === TRIES_MAX || bench.signal.aborted)
          throw new Error(`${file} was not stored: ${failures.join(', ')}\n${finished.stdout}\n${finished.stderr}`)
        await sleep(PAUSE_MS)
        running = start()
      }
    } finally {
      over = true
    }
  }

  const stored = store()
  // It is waited for at the end, and may fail before.
  stored.catch(() => {})

  return {
    failures,
    stored,
    said: async (pattern) => {
      while (!over) {
        const found = await running.line(pattern).then(
          () => true,
          () => false,
        )
        if (found) return true
        await sleep(PAUSE_MS / 10)
      }
      return false
    },
  }
}
