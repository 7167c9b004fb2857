/** Asks a provider to sign more time for a deal. What it signs is checked before anything is paid for it. */
import { fromHex, GranaryError } from '@granary/base'
import type { DealView, ProviderView } from '@granary/protocol/client'
import { type ChainTime, momentOf } from '@granary/protocol/epochs'
import * as market from '@granary/protocol/market'
import { type DealRenewal, dealRenewalDigest, type Epoch, type Hash } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Fetch } from '../ports.ts'
import { askProvider } from './ask-provider.ts'
import { verifyProviderSignature } from './verify-provider-signature.ts'

export interface SignedRenewal {
  readonly renewal: DealRenewal
  readonly providerSignature: Uint8Array
}

export interface RequestRenewalInput {
  readonly endpoint: string
  readonly provider: ProviderView
  readonly genesisHash: Hash
  readonly token: string
  readonly deal: DealView
  readonly endsAt: Epoch
  readonly time: ChainTime
  readonly until: Epoch
  /** Hundredths of a percent of the price that the chain demands as collateral. */
  readonly minCollateralShareBps: number
  readonly fetch: Fetch
}

/** The provider signed something else than it was asked for. */
export class RenewalMismatchError extends GranaryError {
  constructor(provider: number, what: string) {
    super({
      code: 'TERMS_MISMATCH',
      message: `provider ${provider} signed another renewal than was asked for: ${what}`,
      hint: 'nothing was paid; put again with another provider',
      details: { provider },
    })
  }
}

const BPS_ONE = 10_000n

/** @throws RenewalMismatchError, ProviderSignatureError, the provider's refusal */
export async function requestRenewal(input: RequestRenewalInput, options: CallOptions): Promise<SignedRenewal> {
  const { endpoint, provider, genesisHash, token, deal, endsAt, time, until, minCollateralShareBps, fetch } = input
  const body = { deal: deal.id, endsAt: until }
  const answer = await askProvider(
    endpoint,
    market.renewDeal,
    { params: {}, body },
    { token, fetch, signal: options.signal },
  )
  const { renewal } = answer
  if (renewal.deal !== deal.id || renewal.agreementId !== deal.agreementId)
    throw new RenewalMismatchError(provider.id, `of deal ${renewal.deal}, agreement ${renewal.agreementId}`)
  if (renewal.startsAt !== endsAt)
    throw new RenewalMismatchError(provider.id, `from an end at ${momentOf(renewal.startsAt, time)}`)
  if (renewal.endsAt !== until)
    throw new RenewalMismatchError(provider.id, `with an end at ${momentOf(renewal.endsAt, time)}`)
  const price = BigInt(deal.terms.pricePerEpoch) * BigInt(until - endsAt)
  if (renewal.providerCollateral * BPS_ONE < price * BigInt(minCollateralShareBps))
    throw new RenewalMismatchError(provider.id, `with ${renewal.providerCollateral} attoGRN of collateral, too little`)
  const providerSignature = fromHex(answer.signature)
  verifyProviderSignature(provider, 'renewal', dealRenewalDigest(genesisHash, renewal), providerSignature)
  return { renewal, providerSignature }
}
