/** Brings what the provider knows of a deal to what the chain says of it. Applying the same view again changes nothing. */
import type { DealView } from '@granary/protocol/client'
import type { DealTerms } from '@granary/protocol/messages'
import { type DealEndsContext, endDeal } from './deal-ends.ts'

export interface ApplyContext extends DealEndsContext {
  /** A deal of ours is on the chain: its piece is served from now on, and may be placed in a sector. */
  readonly onPublished: (terms: DealTerms) => void
  /** A deal has lost its number in a rollback: it is in no sector any more. */
  readonly release: (agreementId: string) => void
}

/** True when the deal is one of this provider's agreements. */
export async function applyView(context: ApplyContext, view: DealView): Promise<boolean> {
  const deal = context.deals.find(view.agreementId)
  if (deal === undefined) return false
  if (deal.dealId !== view.id) {
    const displaced = context.deals.publish(view.agreementId, view.id, view.publishedAt)
    if (deal.dealId !== undefined) context.release(view.agreementId)
    for (const agreementId of displaced) context.release(agreementId)
    context.onPublished(deal.terms)
  }
  switch (view.state) {
    case 'published':
    case 'committed':
      break
    case 'active':
      context.deals.setState(view.agreementId, 'active', epochOf(view.activatedAt))
      break
    case 'expired':
      await endDeal(context, view.agreementId, 'expired', { ...epochOf(view.endsAt), reason: 'DEAL_ENDED' })
      break
    case 'lapsed':
      await endDeal(context, view.agreementId, 'lapsed', { ...epochOf(view.lapsesAt), reason: 'NOT_ACTIVE_IN_TIME' })
      break
    case 'terminated':
      await endDeal(context, view.agreementId, 'terminated', { reason: 'SECTOR_TERMINATED' })
      break
    case 'cancelled':
      await endDeal(context, view.agreementId, 'cancelled', { reason: 'CANCELLED_BY_CLIENT' })
      break
    default:
      throw new RangeError(`"${view.state satisfies never}" is not a state of a deal`)
  }
  return true
}

function epochOf(epoch: number | undefined): { epoch?: number } {
  return epoch === undefined ? {} : { epoch }
}
