/** Says in the log once that a chain stands still, and once that it goes on: nobody looks at a node that says nothing. */
import type { GranaryError } from '@granary/base'
import type { EngineEvent } from '../engine.ts'

export interface StallWatchParts {
  /** Why there are no blocks at present. */
  readonly stalled: () => GranaryError | undefined
  readonly height: () => number
  readonly monotonicMs: () => number
  readonly log: (event: EngineEvent) => void
}

export interface StallWatch {
  /** To be called again and again. */
  look(): void
}

export function createStallWatch({ stalled, height, monotonicMs, log }: StallWatchParts): StallWatch {
  let known: { readonly code: string; readonly sinceMs: number } | undefined
  return {
    look() {
      const error = stalled()
      if (error?.code === known?.code) return
      const sinceMs = known?.sinceMs ?? monotonicMs()
      if (error === undefined) {
        known = undefined
        log({ type: 'stalled:over', height: height(), forMs: monotonicMs() - sinceMs })
        return
      }
      known = { code: error.code, sinceMs }
      log({ type: 'stalled', code: error.code, message: error.message, hint: error.hint })
    },
  }
}
