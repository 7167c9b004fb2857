/** Deals that are over, a page at a time: how each has ended by the store, and what came of its money by the chain. */
import type { ChainClient, DealView } from '@granary/protocol/client'
import type { DealRecord, DealStore } from '../deals/deal-store.ts'
import { isSettled } from '../proving/settle-deals.ts'
import type { ListedDeals, ListedEndedDeals } from './admin-operations.ts'

export interface EndedDealsContext {
  readonly deals: Pick<DealStore, 'ended'>
  readonly chain: Pick<ChainClient, 'dealsById'>
}

const PAGE = 100
const ANSWER_MS = 5_000

export async function endedDeals({ deals, chain }: EndedDealsContext, before: number): Promise<ListedEndedDeals> {
  const found = deals.ended(before, PAGE + 1)
  const page = found.slice(0, PAGE)
  const ids = page.flatMap(({ dealId }) => dealId ?? [])
  // How they ended is told while the chain is away too.
  const views = await chain.dealsById(ids, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => [])
  const byAgreement = new Map(views.map((view) => [view.agreementId, view]))
  return {
    deals: page.map((deal) => ({
      ...listedDeal(deal),
      endedAtMs: deal.endedAtMs ?? null,
      money: moneyOf(byAgreement.get(deal.agreementId)),
    })),
    next: found.length === page.length ? null : (page.at(-1)?.position ?? null),
  }
}

export function listedDeal(deal: DealRecord): ListedDeals['deals'][number] {
  const { agreementId, dealId, state, sector, terms, reason } = deal
  return {
    ...{ agreementId, dealId: dealId ?? null, state, sector: sector ?? null, reason: reason ?? null },
    ...{ client: terms.client, pieceCid: terms.pieceCid, pieceSize: terms.pieceSize },
  }
}

function moneyOf(view: DealView | undefined): ListedEndedDeals['deals'][number]['money'] {
  if (view === undefined) return null
  const { paid, earned, refunded, burnt, compensated, provenEpochs, faultedEpochs } = view
  return { paid, earned, refunded, burnt, compensated, settled: isSettled(view), provenEpochs, faultedEpochs }
}
