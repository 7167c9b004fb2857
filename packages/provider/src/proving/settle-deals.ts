/** Collects what has been proven: one message for many deals, and a timeline entry with what each has paid so far. */
import type { DealView, SectorState } from '@granary/protocol/client'
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
  const { height } = await chain.status({ signal })
  const views = await chain.dealsById(dealIds, { signal })
  const owing: number[] = []
  for (const view of views) {
    const { id, claim, sector } = view
    const isClaimed = claim !== undefined && sector !== undefined
    const fate = isClaimed ? (await chain.sector(sector.provider, sector.number, { signal })).state : undefined
    if (isOwing(view, height, fate)) owing.push(id)
  }
  for (let from = 0; from < owing.length; from += DEALS_MAX) {
    const batch = owing.slice(from, from + DEALS_MAX)
    const tx = await lanes.send(settleLane, 'SettleDeals', { deals: batch }, { signal, undoneAt: height })
    for (const view of await chain.dealsById(batch, { signal })) {
      views[views.findIndex(({ id }) => id === view.id)] = view
      const { paid, burnt, provenEpochs } = view
      deals.record([view.id], { type: 'settled', epoch: tx.height, data: { paid, burnt, provenEpochs } })
    }
    log({ type: 'settled', deals: batch.length })
  }
  return views
}

export type Ending = Pick<
  DealView,
  | 'state'
  | 'earned'
  | 'locked'
  | 'claim'
  | 'activatedAt'
  | 'endsAt'
  | 'provenEpochs'
  | 'faultedEpochs'
  | 'settledThrough'
>

/**
 * Whether a settlement would move money, or close a deal whose time is over: also one that brings the provider nothing.
 * @param fate: of the sector; while it is faulty nobody knows what a claim is worth, and settling one costs a fee for nothing
 */
export function isOwing(deal: Ending, height: number, fate?: SectorState): boolean {
  const { state, earned, locked, claim, endsAt } = deal
  if (BigInt(earned) > 0n) return true
  if (claim !== undefined) return fate !== 'faulty'
  if (state === 'lapsed' || state === 'terminated') return BigInt(locked) > 0n
  if (isOver(state)) return BigInt(locked) > 0n && hasDecided(deal)
  return state === 'active' && endsAt !== undefined && endsAt <= height
}

/** Epochs that are known to be proven or faulted, and are not settled yet: of a span that is open there is nothing to settle. */
function hasDecided({ activatedAt = 0, provenEpochs, faultedEpochs, settledThrough }: Ending): boolean {
  return provenEpochs + faultedEpochs > Math.max(0, settledThrough - activatedAt)
}

export function isSettled({ state, earned, locked, claim }: Ending): boolean {
  return isOver(state) && BigInt(earned) === 0n && BigInt(locked) === 0n && claim === undefined
}

function isOver(state: DealView['state']): boolean {
  return state === 'expired' || state === 'terminated' || state === 'lapsed' || state === 'cancelled'
}
