/**
 * RenewDeal: client and provider agree to move a deal's end out, at the same price. Locks the price of the time from
 * the client and further collateral from the provider, at least `minCollateralShare` of it. No recent proof, no
 * renewal.
 *
 * Signed by the client, or a session key with that scope; the renewal by the provider's owner or its session key.
 * Costs its fee.
 * Refuses another than the client (DEAL_CLIENT_WRONG), a deal that is not active or was cancelled (DEAL_OVER), a sector
 * that was not proven for two periods (SECTOR_NOT_SOUND), a renewal from another end than the deal has, so that those
 * signed side by side do not add up, an end that is no later one, or more than `dealDurationMax` from
 * now, or is of another agreement (DEAL_NOT_EXTENDABLE), a renewal whose time has passed (DEAL_TERMS_EXPIRED), too little
 * collateral (DEAL_COLLATERAL_LOW).
 */
import { dealRenewalDigest } from '@granary/protocol/messages'
import { requireProvider } from '../access/require-provider.ts'
import { dealStatus } from '../market/deal-status.ts'
import { extendDeal, requireExtendable } from '../market/extend-deal.ts'
import { BPS_ONE } from '../money/shares.ts'
import { lockWithVested } from '../money/vesting.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { TxError, type TxErrorCode } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import { checkProviderSignature } from './publish-deal.ts'

export const renewDeal: Effect<'RenewDeal'> = (context, { renewal, providerSignature }) => {
  const { store, sender, params, height } = context
  const { deal: id, agreementId, providerCollateral: collateral } = renewal
  const { deal, endsAt } = requireExtendable(context, id)
  const { client, provider, pricePerEpoch } = deal.terms
  if (client !== sender) {
    throw refusal('DEAL_CLIENT_WRONG', `deal ${id} is one of ${client}`, 'renew it from that account')
  }
  if (renewal.validUntil < height) {
    throw refusal('DEAL_TERMS_EXPIRED', `the renewal was valid until epoch ${renewal.validUntil}`, 'agree anew')
  }
  if (renewal.startsAt !== endsAt) {
    throw refusal(
      'DEAL_NOT_EXTENDABLE',
      `the renewal is from epoch ${renewal.startsAt}, deal ${id} ends at ${endsAt}`,
      'agree anew, from the end that the deal has now',
    )
  }
  const last = height + params.dealDurationMax
  if (agreementId !== deal.agreementId || renewal.endsAt <= endsAt || renewal.endsAt > last) {
    throw refusal(
      'DEAL_NOT_EXTENDABLE',
      `deal ${id} ends at ${endsAt} and cannot be renewed to ${renewal.endsAt}`,
      `agree on an end after that and not after ${last}, for exactly this agreement`,
    )
  }
  const epochs = renewal.endsAt - endsAt
  const price = pricePerEpoch * BigInt(epochs)
  if (collateral * BigInt(BPS_ONE) < price * BigInt(params.minCollateralShareBps)) {
    throw refusal(
      'DEAL_COLLATERAL_LOW',
      `the collateral is ${collateral} attoGRN of a price of ${price}`,
      `a provider puts up at least ${params.minCollateralShareBps / 100} % of the price`,
    )
  }
  const digest = dealRenewalDigest(context.genesisHash, renewal)
  const signed = { digest, signature: providerSignature, collateral }
  checkProviderSignature(context, provider, requireProvider(store, provider), signed)

  lockWithVested(context, provider, collateral)
  extendDeal(context, id, deal, { epochs, payer: sender, collateral })
}

export const renewDealClaims: Claims<'RenewDeal'> = {
  outflow: ({ store, height }, { renewal: { deal: id, endsAt } }) => {
    const deal = tables.deals.get(store, id)
    if (deal === undefined) return 0n
    const status = dealStatus(store, deal, height)
    // A deal that is not active yet would begin in the next block at the earliest.
    const ends = 'endsAt' in status ? status.endsAt : height + deal.duration
    return deal.terms.pricePerEpoch * BigInt(Math.max(0, endsAt - ends))
  },
}

function refusal(code: TxErrorCode, message: string, hint: string): TxError {
  return new TxError(code, { message, hint })
}
