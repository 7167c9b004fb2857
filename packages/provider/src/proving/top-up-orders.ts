/**
 * Has the clients of standing orders pay for more time, soon after their sectors were proven, which the chain asks for. Anybody
 * may send that; the provider gains by it. docs/adr/0047-a-standing-order.md
 */
import { type ErrorCode, GranaryError } from '@granary/base'
import type { DealView } from '@granary/protocol/client'
import { dealTermsFromJson, feeOf } from '@granary/protocol/messages'
import { orderLane } from '../sectors/lanes.ts'
import type { ProvingContext } from './proving-context.ts'

/** Of the message with its signature, and room for larger numbers. */
const TOP_UP_BYTES_MAX = 256
const BPS_ONE = 10_000

/** Most often other news than this provider's: the next look knows more. */
const PASSED_OVER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DEAL_NOT_EXTENDABLE',
  'DEAL_OVER',
  'INSUFFICIENT_FUNDS',
  'SECTOR_NOT_SOUND',
])

export async function topUpOrders(
  context: Pick<ProvingContext, 'chain' | 'lanes' | 'deals' | 'log'>,
  views: readonly DealView[],
  signal: AbortSignal,
): Promise<void> {
  const { chain, lanes, deals, log } = context
  const ordered = views.filter(({ orderedUntil }) => orderedUntil !== undefined)
  if (ordered.length === 0) return
  const [{ height }, { provingPeriod, networkFeeBps }, fees] = await Promise.all([
    chain.status({ signal }),
    chain.params({ signal }),
    chain.fees({ signal }),
  ])
  const fee = feeOf('TopUpByOrder', TOP_UP_BYTES_MAX, fees)
  for (const view of ordered) {
    const { client, pricePerEpoch: price } = dealTermsFromJson(view.terms)
    const wanted = epochsDue(view, height, provingPeriod)
    if (wanted === 0) continue
    const { balance } = await chain.account(client, { signal })
    const paid = price === 0n ? wanted : Math.min(wanted, Number(BigInt(balance) / price))
    // What the money lacks is its client's to know: `status` and `deals` say it. A little now and then is not worth a fee.
    if (paid < Math.min(wanted, provingPeriod)) {
      log({ type: 'order:unpaid', deal: view.id, client, epochs: wanted, endsAt: view.endsAt ?? height })
      continue
    }
    // It may be worth it later: what is due grows until the deal ends.
    const worth = (price * BigInt(paid) * BigInt(BPS_ONE - networkFeeBps)) / BigInt(BPS_ONE)
    if (worth <= fee) {
      log({ type: 'order:below-fee', deal: view.id, epochs: paid, worth: `${worth}`, fee: `${fee}` })
      continue
    }
    try {
      const body = { deal: view.id, epochs: paid }
      const tx = await lanes.send(orderLane, 'TopUpByOrder', body, { signal, undoneAt: height })
      const { endsAt = height } = await chain.deal(view.id, { signal })
      deals.record([view.id], { type: 'extended', epoch: tx.height, data: { endsAt } })
      log({ type: 'order:paid', deal: view.id, epochs: paid, endsAt })
    } catch (error) {
      if (!GranaryError.is(error) || !PASSED_OVER.has(error.code)) throw error
      log({ type: 'order:refused', deal: view.id, code: error.code, message: error.message })
    }
  }
}

/**
 * Once half of its time has run down, all that the order pays for by then: a client's money stays its own a while longer, and there
 * is time left when a message fails. Of a short deal each proof brings some, since the next may be two periods away.
 */
export function epochsDue(deal: DealView, height: number, provingPeriod: number): number {
  const { state, endsAt = 0, orderedUntil = 0, terms } = deal
  if (state !== 'active' || endsAt <= height) return 0
  const duration = Number(terms.duration)
  if (endsAt - height > Math.max(duration / 2, 2 * provingPeriod)) return 0
  return Math.max(0, Math.min(orderedUntil, height + duration) - endsAt)
}
