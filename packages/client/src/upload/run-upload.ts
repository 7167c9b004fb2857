/**
 * Does what there is to do for an upload until there is nothing more: the planner gives the steps, each step's effect brings
 * events into the log, and what they have made of the state is planned for again. Slots go side by side.
 */
import { isAbortError } from '@granary/base'
import type { CallOptions } from '../call-options.ts'
import { agree } from './effects/agree.ts'
import { choose } from './effects/choose.ts'
import { follow } from './effects/follow.ts'
import { name } from './effects/name.ts'
import { offer } from './effects/offer.ts'
import { publish } from './effects/publish.ts'
import { quote } from './effects/quote.ts'
import { send } from './effects/send.ts'
import { nextSteps, type Step } from './next-steps.ts'
import { stateOf, type UploadRun } from './upload-run.ts'

const effects = { choose, quote, send, offer, agree, follow } as const

/**
 * @returns why slots could not be brought to their end, by their index: nothing for a complete upload
 * @throws the reason of an abort
 */
export async function runUpload(
  run: UploadRun,
  until: 'published' | 'active',
  { signal }: CallOptions,
): Promise<Map<number, unknown>> {
  const stop = new AbortController()
  const call = { signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal }
  const failures = new Map<number, unknown>()
  const running = new Map<string, Promise<void>>()
  try {
    for (;;) {
      const given = new Set([...failures.keys(), ...run.skipped])
      const steps = nextSteps(stateOf(run), { until, met: new Set(run.met.keys()), given })
      // What is done by then is done: who is told that it was stopped repeats it, and may pay for another deal.
      if (steps.length > 0 || running.size > 0) call.signal.throwIfAborted()
      for (const step of steps) {
        const key = keyOf(step)
        if (running.has(key)) continue
        running.set(
          key,
          take(run, step, failures, call).finally(() => running.delete(key)),
        )
      }
      if (running.size === 0) {
        // A reason that the caller has chosen is no AbortError, and looks like a failure of what it has ended.
        if (failures.size > 0) call.signal.throwIfAborted()
        return failures
      }
      await Promise.race(running.values())
    }
  } finally {
    stop.abort()
    await Promise.allSettled(running.values())
  }
}

/** One step of a slot at a time, one of a piece, and one message. */
function keyOf(step: Step): string {
  if (step.step === 'publish') return 'publish'
  // One at a time: who has a copy already is not chosen for another one.
  if (step.step === 'choose') return 'choose'
  return step.step === 'name' ? `piece ${step.piece}` : `slot ${step.slot}`
}

async function take(run: UploadRun, step: Step, failures: Map<number, unknown>, call: CallOptions): Promise<void> {
  if (step.step === 'publish') {
    const send = (slots: readonly number[]) => publish(run, slots, call)
    try {
      await send(step.slots)
    } catch (error) {
      const { publishInParts } = await import('./publish-in-parts.ts')
      const isLeft = (slot: number) => stateOf(run).slots[slot]?.state === 'agreed'
      const failed = await publishInParts({ slots: step.slots, error, publish: send, isLeft })
      for (const [slot, failure] of failed) failures.set(slot, failure)
    }
    return
  }
  if (step.step === 'name') {
    const { slots } = stateOf(run)
    const waiting = slots.flatMap(({ piece }, slot) => (piece === step.piece ? [slot] : []))
    await attempt(waiting, failures, () => name(run, step.piece, call))
    return
  }
  await attempt([step.slot], failures, async () => {
    try {
      await effects[step.step](run, step.slot, call)
    } catch (error) {
      if (isAbortError(error)) throw error
      // Only who is refused loads it.
      const { passOn } = await import('./pass-on.ts')
      await passOn(run, step, error, call)
    }
  })
}

async function attempt(
  slots: readonly number[],
  failures: Map<number, unknown>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (isAbortError(error)) throw error
    for (const slot of slots) failures.set(slot, error)
  }
}
