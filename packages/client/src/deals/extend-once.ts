/** More time for a deal, paid once: docs/adr/0048-a-wish-is-paid-once.md. */
import { epochTimeMs } from '@granary/protocol/epochs'
import { type SendOnceInput, sendOnce } from '../account/send-once.ts'
import type { CallOptions } from '../call-options.ts'
import type { EpochWish, Extended } from './extend-wish.ts'

type Extension = 'TopUpDeal' | 'RenewDeal'

/** The same date is another epoch as blocks come late or early: within a hundredth of the time to it, it is reached. */
const DATE_SLACK = 100

/**
 * What an earlier call has sent for this deal is finished first. A wish for an end that this has not reached has the rest sent;
 * a wish for so much more time is the same only if it was for as much, and then nothing more is sent.
 */
export async function extendOnce<N extends Extension>(
  input: SendOnceInput<N>,
  { deal, until }: EpochWish,
  options: CallOptions,
): Promise<Extended> {
  for (;;) {
    const { tx, resumed } = await sendOnce(input, options)
    const [{ endsAt = 0 }, time] = await Promise.all([input.chain.deal(deal, options), input.chain.status(options)])
    // Each round that resumes has taken a record out of the outbox.
    if (!resumed || until === undefined || (until - endsAt) * DATE_SLACK <= until - time.height)
      return { tx, resumed, endsAt, endsAtMs: epochTimeMs(endsAt, time) }
  }
}
