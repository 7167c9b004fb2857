/**
 * TopUpDeal: anybody adds funds to a deal whose terms say `extendableUntil`: its end moves out at the same price, up to
 * that epoch and `dealDurationMax` from now, and its sector lasts as long.
 *
 * Signed by who pays, or a session key of it with that scope.
 * Costs its fee.
 * Refuses a deal that is not active or was cancelled (DEAL_OVER), a sector that was not proven for two periods
 * (SECTOR_NOT_SOUND), no epochs or more than there is room for (DEAL_NOT_EXTENDABLE).
 */
import { extendDeal, requireExtendable } from '../market/extend-deal.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const topUpDeal: Effect<'TopUpDeal'> = (context, { deal: id, epochs }) => {
  const { deal, endsAt } = requireExtendable(context, id)
  const { extendableUntil = 0 } = deal.terms
  const end = endsAt + epochs
  const last = Math.min(extendableUntil, context.height + context.params.dealDurationMax)
  if (epochs === 0 || end > last) {
    throw new TxError('DEAL_NOT_EXTENDABLE', {
      message: `deal ${id} would end at ${end}, it can be extended to ${last} at most`,
      hint: 'add fewer epochs, or renew the deal with the provider',
      details: { deal: id, endsAt, last },
    })
  }
  extendDeal(context, id, deal, { epochs, payer: context.sender, collateral: 0n })
}

export const topUpDealClaims: Claims<'TopUpDeal'> = {
  outflow: ({ store }, { deal: id, epochs }) => {
    const deal = tables.deals.get(store, id)
    return deal === undefined ? 0n : deal.terms.pricePerEpoch * BigInt(epochs)
  },
}
