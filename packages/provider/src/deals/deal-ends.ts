/** What follows when a deal ends: its piece goes, unless another deal needs it. */

import type { DealState } from './deal-state.ts'
import type { DealStore } from './deal-store.ts'
import type { PieceFiles } from './piece-files.ts'

export interface DealEndsContext {
  readonly deals: DealStore
  readonly files: Pick<PieceFiles, 'dropIfUnused'>
  /** Takes the piece out of what is served, before its file goes. */
  readonly removePiece: (pieceCid: string) => Promise<void>
}

export type EndState = Extract<DealState, 'expired' | 'terminated' | 'offer-expired' | 'lapsed' | 'cancelled'>

export async function endDeal(
  context: DealEndsContext,
  agreementId: string,
  state: EndState,
  event: { epoch?: number; reason?: string },
): Promise<void> {
  const deal = context.deals.find(agreementId)
  if (deal === undefined || !context.deals.setState(agreementId, state, event)) return
  // A chain that was rolled back once may be put forward again: then its client has a deal.
  const keep = state === 'offer-expired' && context.deals.wasRolledBack(agreementId)
  await context.files.dropIfUnused(deal.terms.pieceCid, context.removePiece, keep)
}
