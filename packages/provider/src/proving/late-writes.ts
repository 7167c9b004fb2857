/**
 * What is written down about proofs: after the answer is on its way, never before, and never in its way. What the disk
 * does not take waits here, in order, and is tried again; a process that dies meanwhile loses history, not a proof.
 */
import type { Alerts } from '../alerts.ts'
import type { AlertCode } from '../stakes.ts'
import { diskFault } from '../storage/disk-fault.ts'

export interface LateWrites {
  /** Does it now, or later when the disk does not take it. @throws what the disk is not to blame for */
  write(work: () => void): void
  /** Tries again what waits. False while some of it waits still. */
  retry(): boolean
}

/** Some hours of challenges of a large provider; beyond that the oldest are forgotten. */
const WAITING_MAX = 10_000

export function createLateWrites({ folder, alerts }: { folder: string; alerts: Alerts }): LateWrites {
  const waiting: (() => void)[] = []
  let raised: AlertCode | undefined

  function retry(): boolean {
    for (let work = waiting[0]; work !== undefined; work = waiting[0]) {
      try {
        work()
      } catch (error) {
        const fault = diskFault(error, folder)
        if (fault !== undefined) {
          raised = fault.code
          alerts.raise({ code: raised, subject: folder, message: fault.message, hint: fault.hint })
          return false
        }
        waiting.shift()
        throw error
      }
      waiting.shift()
    }
    if (raised !== undefined) alerts.clear(raised, folder)
    raised = undefined
    return true
  }

  return {
    write: (work) => {
      waiting.push(work)
      if (waiting.length > WAITING_MAX) waiting.shift()
      retry()
    },
    retry,
  }
}
