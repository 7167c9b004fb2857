/**
 * Follows a deal until it is where the caller wants it. The provider tells the story; the chain decides what is true.
 */

import { GranaryError, isAbortError, reporter, systemClock } from '@granary/base'
import type { ChainClient, DealState, DealView } from '@granary/protocol/client'
import { type ChainTime, momentOf } from '@granary/protocol/epochs'
import type { TimelineEntry } from '@granary/protocol/events'
import type { Clock, Fetch } from '../ports.ts'
import { followDeal } from '../providers/follow-deal.ts'
import { reasonOf } from '../providers/request-json.ts'

/** How long the chain may be away before that is an error: a restart takes seconds. */
const CHAIN_OUTAGE_MAX_MS = 60_000
/** Once the chain shows the deal as active, the provider has this long to tell its last entry. */
const STORY_GRACE_MS = 3_000

/** Between two looks at the deal on the chain. */
const LOOK_AGAIN_MS = 500

const ENDED: ReadonlySet<DealState> = new Set(['expired', 'lapsed', 'terminated', 'cancelled'])

/** The deal ended before it got where it was wanted. */
export class DealEndedError extends GranaryError {
  /** It was not kept. The others ended in time, or by their client's own wish. */
  readonly isBroken: boolean

  constructor(deal: DealView, now: ChainTime) {
    const lapsed = deal.state === 'lapsed'
    super({
      code: lapsed ? 'DEAL_LAPSED' : 'DEAL_ENDED',
      message: lapsed
        ? `deal ${deal.id} lapsed: provider ${deal.terms.provider} did not prove it by ${momentOf(deal.lapsesAt, now)}`
        : `deal ${deal.id} with provider ${deal.terms.provider} is ${deal.state}`,
      hint: hintFor(deal),
      details: { deal: deal.id, state: deal.state, provider: deal.terms.provider },
    })
    this.isBroken = lapsed || deal.state === 'terminated'
  }
}

/** The chain was rolled back behind the deal: it has no deal of that number, or another one. */
export class DealForgottenError extends GranaryError {
  constructor(dealId: number, agreementId: string) {
    super({
      code: 'DEAL_FORGOTTEN',
      message: `the chain had the agreement ${agreementId} as deal ${dealId} and has it no more: it was restored from an older copy`,
      hint: 'put the same file again: the same terms are published again while they hold, nothing is paid twice',
      details: { deal: dealId, agreementId },
    })
  }
}

/** A put settles the deals of its account that have ended, before anything else: until then their money stays locked. */
function hintFor({ state, locked }: DealView): string {
  const again = state === 'lapsed' ? 'put again, with another provider' : 'put again for a new deal'
  return BigInt(locked) === 0n ? again : `${again}: that settles this one first, and its price stays locked until then`
}

/** What happens to a deal that is followed. */
export type DealProgress =
  /** One entry of the story that the provider tells about the deal. */
  | { readonly type: 'deal'; readonly entry: TimelineEntry }
  /** Somebody does not answer at the moment and is tried again. */
  | { readonly type: 'waiting'; readonly message: string }

export interface FollowUntilInput {
  readonly chain: ChainClient
  readonly fetch: Fetch
  /** @default the machine's */
  readonly clock?: Clock | undefined
  readonly endpoint: string
  readonly dealId: number
  readonly agreementId: string
}

/** How far a deal is followed. */
export interface FollowUntilOptions {
  /** 'active', or the entry of the story that is waited for. @default 'active' */
  readonly until?: 'active' | ((entry: TimelineEntry) => boolean)
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: DealProgress) => void
}

/**
 * @returns the deal as the chain has it then
 * @throws DealEndedError DEAL_ENDED or DEAL_LAPSED, DealForgottenError DEAL_FORGOTTEN, CHAIN_UNREACHABLE after a minute
 * without the chain, and, when an entry is waited for, the provider's refusal
 */
export async function followUntil(input: FollowUntilInput, options: FollowUntilOptions = {}): Promise<DealView> {
  const { until = 'active', signal } = options
  const onProgress = reporter(options.onProgress)
  const { clock = systemClock } = input
  const stop = new AbortController()
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const isLast = until === 'active' ? (entry: TimelineEntry) => entry.type === 'active' : until
  const story = tell(input, isLast, both, onProgress)
  // A rejection that nobody handles would end the program: the provider may refuse long before the deal is active.
  story.catch(() => undefined)
  const truth = watch(input, until === 'active', both)
  try {
    if (until === 'active') {
      // A story that fails cannot end the wait: the chain alone says whether the deal is active.
      const deal = await truth
      await Promise.race([story, clock.sleep(STORY_GRACE_MS, both)]).catch(() => undefined)
      return deal
    }
    await Promise.race([story, truth])
    return await input.chain.deal(input.dealId, { signal })
  } finally {
    stop.abort()
    await Promise.allSettled([story, truth])
  }
}

/** Reports the provider's story; resolves with the entry that is waited for. */
async function tell(
  input: FollowUntilInput,
  isLast: (entry: TimelineEntry) => boolean,
  signal: AbortSignal,
  onProgress: (progress: DealProgress) => void,
): Promise<void> {
  const { endpoint, agreementId, fetch, clock } = input
  const onBroken = (error: unknown) =>
    onProgress({ type: 'waiting', message: `the provider at ${endpoint} is away: ${reasonOf(error)}` })
  for await (const entry of followDeal({ endpoint, deal: agreementId, fetch, clock }, { signal, onBroken })) {
    onProgress({ type: 'deal', entry })
    if (isLast(entry)) return
  }
}

/** Looks at the deal on the chain; resolves when it is active, if that is enough, and rejects when it has ended. */
async function watch(input: FollowUntilInput, activeIsEnough: boolean, signal: AbortSignal): Promise<DealView> {
  const { chain, dealId, agreementId, clock = systemClock } = input
  let lostAtMs: number | undefined
  for (;;) {
    try {
      const deal = await chain.deal(dealId, { signal })
      lostAtMs = undefined
      // Numbers are given again by a chain that was rolled back: what names a deal is its agreement.
      if (deal.agreementId !== agreementId) throw new DealForgottenError(dealId, agreementId)
      if (ENDED.has(deal.state)) throw new DealEndedError(deal, await chain.status({ signal }))
      if (deal.state === 'active' && activeIsEnough) return deal
    } catch (error) {
      if (GranaryError.is(error) && error.code === 'DEAL_NOT_FOUND') throw new DealForgottenError(dealId, agreementId)
      if (isAbortError(error) || error instanceof DealForgottenError) throw error
      if (!GranaryError.is(error) || !error.retryable) throw error
      lostAtMs ??= clock.nowMs()
      if (clock.nowMs() - lostAtMs > CHAIN_OUTAGE_MAX_MS) throw error
    }
    await clock.sleep(LOOK_AGAIN_MS, signal)
  }
}
