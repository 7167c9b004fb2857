/**
 * Follows the chain for this provider's deals. At start everything that the chain has of this provider is compared
 * once; then its events say which deal to look at again. Nothing depends on having heard every event: the chain's view
 * of a deal is applied, never the event itself.
 */

import { GranaryError, sleep } from '@granary/base'
import type { ChainClient, DealView } from '@granary/protocol/client'
import type { DealTerms } from '@granary/protocol/messages'
import type { Alert, Alerts } from '../alerts.ts'
import type { ChainFollower } from '../chain/follow-chain.ts'
import type { ProvenEnds } from '../chain/proven-ends.ts'
import { unreachableAlert } from '../chain/unreachable-alert.ts'
import type { Log } from '../log.ts'
import { diskFault } from '../storage/disk-fault.ts'
import { StoreLostError } from '../storage/store-lost-error.ts'
import { type ApplyContext, applyView } from './apply-view.ts'
import { endDeal } from './deal-ends.ts'
import { isLive } from './deal-state.ts'
import type { FollowedHeight } from './followed-height.ts'

export interface FollowDealsContext extends ApplyContext {
  readonly chain: ChainClient
  readonly follower: Pick<ChainFollower, 'listen'>
  readonly providerId: number
  readonly ends: ProvenEnds
  /** The provider's, whose disk may fail. */
  readonly folder: string
  readonly height: FollowedHeight
  /** Of which those that have run out are dropped. */
  readonly quotes: { dropBefore(head: number): void }
  readonly alerts: Alerts
  /** Takes over a deal that this provider must have signed and that the store does not know. */
  readonly adopt: (view: DealView) => Promise<void>
  /** A deal that had ended goes on: its piece is looked for, or made again. */
  readonly revived: (terms: DealTerms) => Promise<void>
  /** provider.sqlite. */
  readonly storePath: string
  readonly log: Log
}

/** Deals by number, with the epoch after which the chain may have ended them: such an end need not be an event. */
type DueDeals = Map<number, number>

export interface DealsFollower {
  /** The last height whose events were seen. */
  head(): number
  stop(): Promise<void>
}

const RETRY_MS = 1000
/** How long until a deal is looked at again whose end has passed while the chain has not closed it. */
const LOOK_AGAIN_EPOCHS = 20
// An event of a block may come after the block's own: terms are given up only this many epochs after their end.
const EXPIRY_SLACK_EPOCHS = 2

/**
 * Resolves once all deals have been compared with the chain.
 * @throws StoreLostError when the chain has a deal of this provider that the store does not know
 */
export async function followDeals(context: FollowDealsContext): Promise<DealsFollower> {
  const stopping = new AbortController()
  const { signal } = stopping
  const due: DueDeals = new Map()
  /** By number: what an event has named and nobody has looked at since. */
  const changed = new Set<number>()
  let head = 0
  let block = 0
  // After a gap all is compared again.
  let isStale = false
  // A chain that is lower than it was says nothing about what it does not know: it is compared again once it is not.
  let uncertain = false
  let news = Promise.withResolvers<void>()

  const seen = async (height: number): Promise<void> => {
    head = height
    context.alerts.clear('CHAIN_FOREIGN')
    context.alerts.clear('CHAIN_UNREACHABLE')
    const highest = context.height.highest()
    if (height < highest) {
      uncertain = true
      return context.alerts.raise(behindAlert(height, highest))
    }
    context.alerts.clear('CHAIN_BEHIND')
    context.height.reach(height)
    if (uncertain) {
      uncertain = false
      await compareAll(context, due, signal)
    }
    await dropExpired(context, height)
    for (const [dealId, epoch] of due) if (epoch < height) await look(context, due, dealId, signal, height)
  }

  const catchUp = async (): Promise<void> => {
    if (isStale) {
      isStale = false
      return await seen(await compareAll(context, due, signal))
    }
    const height = Math.max(block, head)
    for (const dealId of changed) {
      changed.delete(dealId)
      await look(context, due, dealId, signal, height)
    }
    if (height > head) await seen(height)
  }

  const lost = (type: string, error: unknown): void => {
    isStale = true
    logLoss(context, type, error)
    raiseFor(context, error)
    news.resolve()
  }

  context.follower.listen({
    onEvent: (event) => {
      if (event.type === 'block') block = event.height
      else if ('deal' in event && event.provider === context.providerId) changed.add(event.deal)
      else return
      news.resolve()
    },
    onGap: (error) => {
      if (signal.aborted) return
      block = 0
      lost('chain:lost', error)
    },
  })
  await requireKnown(context, signal)
  await seen(await compareAll(context, due, signal))

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      await news.promise
      if (signal.aborted) return
      news = Promise.withResolvers<void>()
      try {
        await catchUp()
      } catch (error) {
        if (signal.aborted) return
        lost('chain:unreachable', error)
        await sleep(RETRY_MS, signal).catch(() => {})
      }
    }
  }
  const following = follow()
  return {
    head: () => head,
    stop: async () => {
      stopping.abort()
      news.resolve()
      await following
    },
  }
}

/** Every deal with its signature was written down before the signature left: a store that lacks one is not the store. */
async function requireKnown(context: FollowDealsContext, signal: AbortSignal): Promise<void> {
  for await (const { id, agreementId } of context.chain.deals({ provider: context.providerId }, { signal }))
    if (context.deals.find(agreementId) === undefined)
      throw new StoreLostError(context.storePath, 'behind', `it knows no deal ${id}, which the chain has`)
}

/** The height at which the comparison began: events from there on are still to be heard. */
async function compareAll(context: FollowDealsContext, due: DueDeals, signal: AbortSignal): Promise<number> {
  const { chain } = context
  // What the answer says is no more than what any may say.
  const height = Math.min((await chain.status({ signal })).height, chain.height)
  const views = new Map<string, DealView>()
  for await (const view of context.chain.deals({ provider: context.providerId }, { signal })) {
    views.set(view.agreementId, view)
    await apply(context, due, view, height, signal)
  }
  if (height >= context.height.highest()) rollBack(context, due, views)
  return height
}

/** At a height that has been seen: what the chain had of a deal and has no more, it has lost by being rolled back. */
function rollBack(context: FollowDealsContext, due: DueDeals, views: ReadonlyMap<string, DealView>): void {
  for (const { agreementId, dealId, state } of context.deals.inStates(['published', 'sealing', 'active'])) {
    const view = views.get(agreementId)
    const to = view === undefined ? 'agreed' : state === 'active' ? beforeActive(view) : undefined
    if (to === undefined) continue
    if (dealId !== undefined && view === undefined) due.delete(dealId)
    context.deals.rollBack(agreementId, to)
    // The sector that the chain has it in is proven again.
    if (to !== 'sealing') context.release(agreementId)
    context.alerts.raise({
      code: 'CHAIN_ROLLED_BACK',
      subject: agreementId,
      message: `the chain has forgotten ${to === 'agreed' ? `deal ${dealId}` : `that deal ${dealId} was active`}: it was restored from an older copy`,
      hint: `nothing was deleted: ${to === 'agreed' ? 'the deal is taken up when its client publishes it again' : 'the deal is proven again by itself'}; ask who runs the node what happened`,
    })
  }
}

function isEnd({ state }: DealView): boolean {
  return state !== 'published' && state !== 'committed' && state !== 'active'
}

function beforeActive({ state }: DealView): 'published' | 'sealing' | undefined {
  if (state === 'committed') return 'sealing'
  return state === 'published' ? 'published' : undefined
}

function behindAlert(height: number, seen: number): Alert {
  return {
    code: 'CHAIN_BEHIND',
    message: `the chain's node is at height ${height} and has been at ${seen}: nothing is concluded from what it does not know`,
    hint: 'wait until it has caught up; if its state was restored from an older copy, deals are matched anew then',
  }
}

function raiseFor({ alerts }: FollowDealsContext, error: unknown): void {
  if (!GranaryError.is(error) || (error.code !== 'CHAIN_FOREIGN' && error.code !== 'CHAIN_BEHIND')) return
  const { code, message, hint } = error
  alerts.raise({ code, message, hint })
}

async function look(
  context: FollowDealsContext,
  due: DueDeals,
  dealId: number,
  signal: AbortSignal,
  head: number,
): Promise<void> {
  try {
    await apply(context, due, await context.chain.deal(dealId, { signal }), head, signal)
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'DEAL_NOT_FOUND') throw error
    due.delete(dealId)
  }
}

async function apply(
  context: FollowDealsContext,
  due: DueDeals,
  view: DealView,
  head: number,
  signal: AbortSignal,
): Promise<void> {
  // An older copy of the chain may have run on by itself: what ended there may never have ended.
  if (head < context.height.highest() && isEnd(view)) return
  if (!(await isBelieved(context, view, head, signal))) {
    // With the next block, which may prove it.
    due.set(view.id, head)
    return
  }
  if (isOver(context, view) && !isEnd(view) && !(await revive(context, view, head, signal))) {
    due.set(view.id, head)
    return
  }
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

/** An end costs the piece: one that is not in the signed state, or not yet, is none. */
async function isBelieved(
  { deals, ends }: FollowDealsContext,
  view: DealView,
  head: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isEnd(view)) ends.goesOn('deal', view.id)
  return !isEnd(view) || isOver({ deals }, view) || (await ends.isDealOver(view.id, head, signal))
}

/** By the store. */
function isOver({ deals }: Pick<FollowDealsContext, 'deals'>, { agreementId }: DealView): boolean {
  const known = deals.find(agreementId)
  return known !== undefined && !isLive(known.state)
}

/**
 * The end of a deal was that of a chain which is not there any more: it goes on, and its collateral with it. A node that is a block
 * behind says the same, so it has to be in the signed state.
 */
async function revive(
  context: FollowDealsContext,
  view: DealView,
  head: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { deals, height, ends, alerts } = context
  const { agreementId, id } = view
  const deal = deals.find(agreementId)
  if (deal === undefined || head < height.highest() || !(await ends.isDealRunning(id, head, signal))) return false
  const to = beforeActive(view) ?? 'active'
  deals.rollBack(agreementId, to)
  if (to === 'published') context.release(agreementId)
  await context.revived(deal.terms)
  alerts.raise({
    code: 'CHAIN_ROLLED_BACK',
    subject: agreementId,
    message: `the chain has forgotten that deal ${id} was over (${deal.state}): it was restored from an older copy`,
    hint: 'the deal goes on by itself, its piece is made again from its replica if it was removed; ask who runs the node what happened',
  })
  return true
}

/** What keeps this from following the chain is not always the chain. */
function logLoss({ folder, alerts, log }: FollowDealsContext, type: string, error: unknown): void {
  const fault = diskFault(error, folder)
  if (fault !== undefined)
    return void log({ type: 'disk:failed', code: fault.code, message: fault.message, hint: fault.hint })
  if (GranaryError.is(error) && error.code === 'CHAIN_UNREACHABLE') return void alerts.raise(unreachableAlert(error))
  const code = GranaryError.is(error) ? { code: error.code, hint: error.hint } : {}
  log({ type, ...code, error: String(error) })
}

async function dropExpired(context: FollowDealsContext, head: number): Promise<void> {
  context.quotes.dropBefore(head)
  for (const { agreementId, terms } of context.deals.inStates(['agreed']))
    if (terms.validUntil + EXPIRY_SLACK_EPOCHS < head)
      await endDeal(context, agreementId, 'offer-expired', { epoch: terms.validUntil, reason: 'NOT_PUBLISHED_IN_TIME' })
}
