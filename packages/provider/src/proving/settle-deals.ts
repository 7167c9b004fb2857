/** Collects what has been proven: one message for many deals, and a timeline entry with what each has paid so far. */
import type { DealView } from '@granary/chain/client'
import { settleLane } from '../sectors/lanes.ts'
import type { ProvingContext } from './proving-context.ts'

/** As many as one SettleDeals takes (docs/spec/chain.md, section 2). */
const DEALS_MAX = 256

/** The deals as they are afterwards. */
export async function settleDeals(
  context: ProvingContext,
  dealIds: readonly number[],
  signal: AbortSignal,
): Promise<DealView[]> {
  const { chain, deals, lanes, log } = context
  const views: DealView[] = []
  for (const dealId of dealIds) views.push(await chain.deal(dealId, { signal }))
  const { height } = await chain.status({ signal })
  const owing = views.filter((view) => isOwing(view, height)).map(({ id }) => id)
  for (let from = 0; from < owing.length; from += DEALS_MAX) {
    const batch = owing.slice(from, from + DEALS_MAX)
    const tx = await lanes.send(settleLane, 'SettleDeals', { deals: batch }, { signal })
    for (const dealId of batch) {
      const view = await chain.deal(dealId, { signal })
      views[views.findIndex(({ id }) => id === dealId)] = view
      const { paid, burnt, provenEpochs } = view
      deals.record([dealId], { type: 'settled', epoch: tx.height, data: { paid, burnt, provenEpochs } })
    }
    log({ type: 'settled', deals: batch.length })
  }
  return views
}

/** Whether a settlement would move money, or close a deal whose time is over. */
function isOwing({ state, earned, endsAt }: DealView, height: number): boolean {
  return BigInt(earned) > 0n || (state === 'active' && endsAt !== undefined && endsAt <= height)
}

export function isSettled({ state, earned, locked }: DealView): boolean {
  return isOver(state) && BigInt(earned) === 0n && BigInt(locked) === 0n
}

function isOver(state: DealView['state']): boolean {
  return state === 'expired' || state === 'terminated' || state === 'lapsed' || state === 'cancelled'
}
