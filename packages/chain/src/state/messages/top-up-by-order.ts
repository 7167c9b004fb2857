/**
 * TopUpByOrder: anybody has the client of a deal with a standing order (`extendableUntil` in its terms) pay for more time, at
 * the same price. The end is never further off than the terms' own duration: so what the collateral answers for stays what it
 * was at first, and nobody locks a client's money long before it is due. docs/adr/0047-a-standing-order.md
 *
 * Signed by anybody, or a session key of it with that scope.
 * Costs its fee; the time is the client's to pay.
 * Refuses a deal that is not active or was cancelled (DEAL_OVER), a sector that was not proven for two periods
 * (SECTOR_NOT_SOUND), no epochs or more than the order pays for by now (DEAL_NOT_EXTENDABLE), and a client that does not have
 * the money (INSUFFICIENT_FUNDS).
 */
import { extendDeal, requireExtendable } from '../market/extend-deal.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'

export const topUpByOrder: Effect<'TopUpByOrder'> = (context, { deal: id, epochs }) => {
  const { deal, endsAt } = requireExtendable(context, id)
  const { client, duration } = deal.terms
  const end = endsAt + epochs
  const last = Math.min(deal.orderedUntil, context.height + duration)
  if (epochs === 0 || end > last) {
    throw new TxError('DEAL_NOT_EXTENDABLE', {
      message: `deal ${id} would end at ${end}, its standing order pays for ${last} at most by now`,
      hint: 'add fewer epochs, or wait: it pays as time goes by',
      details: { deal: id, endsAt, last },
    })
  }
  extendDeal(context, id, deal, { epochs, payer: client, collateral: 0n })
}
