/** What the sealing side sees of deals: those that wait for a sector, and where to write what happens to them. */
import type { DealFeed, PlaceableDeal } from '../sectors/port.ts'
import type { EndState } from './deal-ends.ts'
import type { DealRecord, DealStore } from './deal-store.ts'
import type { Timeline } from './timeline.ts'

export interface DealFeedContext {
  readonly deals: DealStore
  readonly timeline: Timeline
  /** Ends a deal and lets go of its piece. */
  readonly end: (agreementId: string, state: EndState, reason: string | undefined) => void
}

export function createDealFeed({ deals, timeline, end }: DealFeedContext): DealFeed {
  const known = (dealIds: readonly number[]): DealRecord[] =>
    dealIds.map((dealId) => deals.find(String(dealId))).filter((deal) => deal !== undefined)

  return {
    publishedUnplaced: () =>
      deals
        .inStates(['published'])
        .filter(({ sector }) => sector === undefined)
        .map(placeable),
    isStaged: (pieceCid) => deals.stagedPieces().some((piece) => piece.pieceCid === pieceCid),
    assign: (dealIds, sector) => deals.setSector(dealIds, sector),
    unassign: (dealIds) => {
      deals.setSector(dealIds, undefined)
      for (const { agreementId, state } of known(dealIds))
        if (state === 'sealing') deals.setState(agreementId, 'published', {})
    },
    record: (dealIds, event) => {
      for (const { agreementId } of known(dealIds)) timeline.append(agreementId, event)
    },
    setState: (dealId, state, reason) => {
      for (const { agreementId } of known([dealId])) {
        if (state === 'expired' || state === 'terminated') end(agreementId, state, reason)
        else deals.setState(agreementId, state, reason === undefined ? {} : { reason })
      }
    },
  }
}

function placeable(deal: DealRecord): PlaceableDeal {
  const { dealId, publishedAt, agreementId, terms } = deal
  if (dealId === undefined || publishedAt === undefined)
    throw new Error(`deal ${agreementId} is published and has no number`)
  return {
    dealId,
    agreementId,
    pieceCid: terms.pieceCid,
    payloadSize: terms.payloadSize,
    paddedSize: terms.pieceSize,
    publishedAt,
    activateBy: publishedAt + terms.activateWithin,
    endsBy: publishedAt + terms.activateWithin + terms.duration,
  }
}
