/** What becomes of deals whose message has failed. Few puts load it, and it loads nothing that they all do. */
import { GranaryError, isAbortError } from '@granary/base'

/**
 * Verdicts over one deal, or over as many as there were: fewer may be taken. Full blocks, fees, the sequence and the key that
 * signs are the same for all.
 */
const OF_THE_DEALS = /^(DEAL|PROVIDER|INSUFFICIENT|SPENDING)_/

export interface FailedMessage {
  /** Of its deals. */
  readonly slots: readonly number[]
  readonly error: unknown
  /** Sends one of some of them. */
  readonly publish: (slots: readonly number[]) => Promise<void>
  /** Whether the chain does not have its deal. */
  readonly isLeft: (slot: number) => boolean
}

/**
 * A message takes all of its deals or none. Where one is refused it is found by halves, so that it keeps no other from the chain.
 * @returns why slots could not be published
 */
export async function publishInParts({ slots, error, publish, isLeft }: FailedMessage): Promise<Map<number, unknown>> {
  const failures = new Map<number, unknown>()
  const waiting: (readonly number[])[] = []
  const split = (part: readonly number[], failure: unknown): void => {
    if (isAbortError(failure)) throw failure
    const isOfTheDeals = GranaryError.is(failure) && OF_THE_DEALS.test(failure.code)
    const left = (isOfTheDeals ? part : [...part, ...waiting.splice(0).flat()]).filter(isLeft)
    const half = Math.ceil(left.length / 2)
    if (isOfTheDeals && left.length > 1) waiting.unshift(left.slice(0, half), left.slice(half))
    else for (const slot of left) failures.set(slot, failure)
  }
  split(slots, error)
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift())
    try {
      await publish(part)
    } catch (failure) {
      split(part, failure)
    }
  return failures
}
