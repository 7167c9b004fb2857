/**
 * Follows the chain for this provider's deals. At start everything that the chain has of this provider is compared
 * once; then its events say which deal to look at again. Nothing depends on having heard every event: the chain's view
 * of a deal is applied, never the event itself.
 */
import type { ChainClient, DealView, FollowedEvent } from '@granary/chain/client'
import { isAbortError } from '@granary/errors'
import type { Alerts } from '../alerts.ts'
import { StoreLostError } from '../home/store-lost-error.ts'
import type { Log } from '../http/log.ts'
import { diskFault } from '../storage/disk-fault.ts'
import { type ApplyContext, applyView } from './apply-view.ts'
import { endDeal } from './deal-ends.ts'
import { isLive } from './deal-state.ts'
import type { QuoteStore } from './quote-store.ts'

export interface FollowChainContext extends ApplyContext {
  readonly chain: ChainClient
  readonly providerId: number
  /** The provider's, whose disk may fail. */
  readonly folder: string
  readonly quotes: QuoteStore
  readonly alerts: Alerts
  /** Takes over a deal that this provider must have signed and that the store does not know. */
  readonly adopt: (view: DealView) => Promise<void>
  /** provider.sqlite. */
  readonly storePath: string
  readonly log: Log
}

/** Deals by number, with the epoch after which the chain may have ended them: such an end need not be an event. */
type DueDeals = Map<number, number>

export interface ChainFollower {
  /** The last height whose events were seen. */
  head(): number
  stop(): Promise<void>
}

const DEAL_EVENTS = ['deal:published', 'deal:active', 'deal:expired', 'deal:lapsed']
const RETRY_MS = 1000
/** How long until a deal is looked at again whose end has passed while the chain has not closed it. */
const LOOK_AGAIN_EPOCHS = 20
// An event of a block may come after the block's own: terms are given up only this many epochs after their end.
const EXPIRY_SLACK_EPOCHS = 2

/**
 * Resolves once all deals have been compared with the chain.
 * @throws StoreLostError when the chain has a deal of this provider that the store does not know
 */
export async function followChain(context: FollowChainContext): Promise<ChainFollower> {
  const stopping = new AbortController()
  const { signal } = stopping
  const due: DueDeals = new Map()
  let head = 0
  const seen = async (height: number): Promise<void> => {
    head = height
    await dropExpired(context, height)
    for (const [dealId, epoch] of due) if (epoch < height) await look(context, due, dealId, signal, height)
  }
  await requireKnown(context, signal)
  await seen(await compareAll(context, due, signal))

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const types = ['block', ...DEAL_EVENTS]
        for await (const event of context.chain.events({ types, since: String(head), signal })) {
          if (event.type === 'block') await seen(event.height)
          else await applyEvent(context, due, event, signal)
        }
      } catch (error) {
        if (signal.aborted || isAbortError(error)) return
        logLoss(context, 'chain:lost', error)
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        await compareAgain(context, due, signal, seen)
      }
    }
  }
  const following = follow()
  return {
    head: () => head,
    stop: async () => {
      stopping.abort()
      await following
    },
  }
}

/** Every deal with its signature was written down before the signature left: a store that lacks one is not the store. */
async function requireKnown(context: FollowChainContext, signal: AbortSignal): Promise<void> {
  for await (const { id, agreementId } of context.chain.deals({ provider: context.providerId }, { signal }))
    if (context.deals.find(agreementId) === undefined)
      throw new StoreLostError(context.storePath, 'behind', `it knows no deal ${id}, which the chain has`)
}

/** The height at which the comparison began: events from there on are still to be heard. */
async function compareAll(context: FollowChainContext, due: DueDeals, signal: AbortSignal): Promise<number> {
  const { height } = await context.chain.status({ signal })
  for await (const view of context.chain.deals({ provider: context.providerId }, { signal }))
    await apply(context, due, view, height)
  return height
}

async function look(
  context: FollowChainContext,
  due: DueDeals,
  dealId: number,
  signal: AbortSignal,
  head: number,
): Promise<void> {
  await apply(context, due, await context.chain.deal(dealId, { signal }), head)
}

async function apply(context: FollowChainContext, due: DueDeals, view: DealView, head: number): Promise<void> {
  if (!(await applyView(context, view))) {
    await context.adopt(view)
    await applyView(context, view)
    context.alerts.raise({
      code: 'DEAL_ADOPTED',
      subject: view.agreementId,
      message: `deal ${view.id} was published and this store did not know that it had been signed: it was taken over`,
      hint: 'the store was rebuilt or restored after the signature; see that no other provider runs with these keys',
    })
  }
  const deal = context.deals.find(view.agreementId)
  if (deal === undefined || !isLive(deal.state)) due.delete(view.id)
  else due.set(view.id, Math.max(view.endsAt ?? view.lapsesAt, head + LOOK_AGAIN_EPOCHS))
}

async function compareAgain(
  context: FollowChainContext,
  due: DueDeals,
  signal: AbortSignal,
  seen: (height: number) => Promise<void>,
): Promise<void> {
  try {
    await seen(await compareAll(context, due, signal))
  } catch (error) {
    if (!signal.aborted) logLoss(context, 'chain:unreachable', error)
  }
}

/** What keeps this from following the chain is not always the chain. */
function logLoss({ folder, log }: FollowChainContext, type: string, error: unknown): void {
  const fault = diskFault(error, folder)
  if (fault === undefined) log({ type, error: String(error) })
  else log({ type: 'disk:failed', code: fault.code, message: fault.message, hint: fault.hint })
}

async function applyEvent(
  context: FollowChainContext,
  due: DueDeals,
  event: FollowedEvent,
  signal: AbortSignal,
): Promise<void> {
  if (typeof event.deal !== 'number') return
  // Published deals name their provider; for the others ours are those that we know.
  const known = context.deals.find(String(event.deal)) !== undefined
  if (!known && event.provider !== context.providerId) return
  await look(context, due, event.deal, signal, event.height)
}

async function dropExpired(context: FollowChainContext, head: number): Promise<void> {
  context.quotes.dropBefore(head)
  for (const { agreementId, terms } of context.deals.inStates(['agreed']))
    if (terms.validUntil + EXPIRY_SLACK_EPOCHS < head)
      await endDeal(context, agreementId, 'offer-expired', { epoch: terms.validUntil, reason: 'NOT_PUBLISHED_IN_TIME' })
}
