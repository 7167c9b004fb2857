/**
 * PublishDeal: a batch of deals of the sender, each with its provider's signature over the terms; all of them or none.
 * Locks the whole price from the client and the collateral from the provider. Terms with `extendableUntil` are a standing
 * order; what it may cost counts against the limit of the session key that publishes them. Terms that were published once are
 * refused for ever, so that a retried publication never pays twice; that is what the agreements table is for, and it
 * lives as long as its deal.
 *
 * Signed by the client, or a session key with that scope; the terms by the provider's owner or its session key.
 * Costs its fee, a signature's units for each deal, and a fifth of `accountFee` for each: its record stays.
 * Refuses terms of another client (DEAL_CLIENT_WRONG), sizes that are not those of the piece CID (DEAL_SIZE_MISMATCH),
 * terms beyond the bounds or whose time has passed (DEAL_TERMS_INVALID, DEAL_TERMS_EXPIRED), that were published
 * (DEAL_DUPLICATE) or that the provider did not sign (DEAL_SIGNATURE_INVALID); too little collateral
 * (DEAL_COLLATERAL_LOW), or more than is there (INSUFFICIENT_COLLATERAL, INSUFFICIENT_FUNDS).
 */
import { parsePieceCid } from '@granary/proofs/verify'
import {
  AMOUNT_MAX,
  type DealId,
  type DealTerms,
  dealFee,
  dealTermsDigest,
  hashOf,
  type SignedTerms,
  TERMS_SCOPE,
} from '@granary/protocol/messages'
import type { ChainParams, Provider } from '@granary/protocol/records'
import { bytesToHex } from '@noble/hashes/utils.js'
import { requireProvider } from '../access/require-provider.ts'
import { spendByKey } from '../access/spending.ts'
import { lockEscrow } from '../money/ledger.ts'
import { payForRecord } from '../money/records-that-stay.ts'
import { BPS_ONE } from '../money/shares.ts'
import { lockWithVested } from '../money/vesting.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { InvariantError, TxError, type TxErrorCode } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const publishDeal: Effect<'PublishDeal'> = (context, { deals }) => {
  for (const deal of deals) publish(context, deal)
}

export const publishDealClaims: Claims<'PublishDeal'> = {
  outflow: ({ params }, { deals }) =>
    deals.reduce((sum, { terms }) => sum + terms.pricePerEpoch * BigInt(terms.duration) + dealFee(params), 0n),
}

function publish(context: TxContext, { terms, providerSignature }: SignedTerms): void {
  const { store, sender, params, height, emit } = context
  if (terms.client !== sender) {
    throw refusal('DEAL_CLIENT_WRONG', `the terms name ${terms.client} as client`, 'publish them from that account')
  }
  checkTerms(terms, params, height)
  const provider = requireProvider(store, terms.provider)
  const digest = dealTermsDigest(context.genesisHash, terms)
  const agreementId = hashOf(digest)
  const published = tables.agreements.get(store, agreementId)
  if (published !== undefined) {
    throw new TxError('DEAL_DUPLICATE', {
      message: `these terms have been published as deal ${published.deal}`,
      hint: 'follow that deal; for another one agree on terms with another nonce',
      details: { deal: published.deal, agreementId },
    })
  }
  const signed = { digest, signature: providerSignature, collateral: terms.providerCollateral }
  checkProviderSignature(context, terms.provider, provider, signed)
  payForRecord(context, dealFee(params))

  const price = terms.pricePerEpoch * BigInt(terms.duration)
  lockEscrow(store, sender, price)
  lockWithVested(context, terms.provider, terms.providerCollateral)
  const id = takeDealId(context)
  tables.agreements.put(store, agreementId, { deal: id })
  tables.deals.put(store, id, {
    terms,
    agreementId,
    publishedAt: height,
    lapsesAt: height + terms.activateWithin,
    sector: undefined,
    closed: 'no',
    duration: terms.duration,
    cancelled: false,
    orderedUntil: terms.extendableUntil ?? 0,
    claim: undefined,
    locked: price,
    collateral: terms.providerCollateral,
    paid: 0n,
    burnt: 0n,
    refunded: 0n,
    compensated: 0n,
    provenEpochs: 0,
    faultedEpochs: 0,
    settledThrough: 0,
  })
  const { provider: providerId, pieceCid } = terms
  emit({
    type: 'deal:published',
    deal: id,
    agreementId,
    provider: providerId,
    client: sender,
    pieceCid,
    epoch: height,
    locked: String(price),
  })
}

/** What the terms must be by themselves, whoever signed them. */
function checkTerms(terms: DealTerms, params: ChainParams, height: number): void {
  const piece = parsePieceCid(terms.pieceCid)
  if (piece.version !== 2 || piece.paddedSize !== terms.pieceSize || piece.payloadSize !== terms.payloadSize) {
    throw refusal(
      'DEAL_SIZE_MISMATCH',
      `the terms say ${terms.payloadSize} bytes padded to ${terms.pieceSize}, the piece CID says otherwise`,
      'agree on terms with the sizes of the piece CID',
    )
  }
  if (terms.validUntil < height) {
    throw refusal(
      'DEAL_TERMS_EXPIRED',
      `the terms were valid until epoch ${terms.validUntil}, this is ${height}`,
      'agree with the provider anew',
    )
  }
  const invalid = (what: string): TxError =>
    refusal('DEAL_TERMS_INVALID', what, 'agree on terms within the bounds of the chain')
  if (terms.duration < params.dealDurationMin || terms.duration > params.dealDurationMax) {
    throw invalid(`${terms.duration} epochs; a deal is ${params.dealDurationMin} to ${params.dealDurationMax}`)
  }
  if (terms.activateWithin < params.activateWithinMin || terms.activateWithin > params.dealDurationMax) {
    throw invalid(`activateWithin is ${terms.activateWithin} epochs, at least ${params.activateWithinMin}`)
  }
  const price = terms.pricePerEpoch * BigInt(terms.duration)
  if (price > AMOUNT_MAX) throw invalid(`a price of ${price} attoGRN`)
  const scaled = price * BigInt(params.minCollateralShareBps)
  if (terms.providerCollateral * BigInt(BPS_ONE) < scaled) {
    throw refusal(
      'DEAL_COLLATERAL_LOW',
      `the collateral is ${terms.providerCollateral} attoGRN of a price of ${price}`,
      `a provider puts up at least ${params.minCollateralShareBps / 100} % of the price`,
    )
  }
}

export interface SignedByProvider {
  readonly digest: Uint8Array
  readonly signature: Uint8Array
  /**
   * The collateral that the terms lock. It counts against the limit of the session key that signed them, as if a message
   * had locked it.
   */
  readonly collateral: bigint
}

/** The owner's key, or a session key of the owner's that may sign terms now. @throws TxError */
export function checkProviderSignature(
  { store, checks, height }: TxContext,
  id: DealId,
  { owner }: Provider,
  { digest, signature, collateral }: SignedByProvider,
): void {
  const signer = checks.signer(digest, signature)
  if (signer?.type === 'account' && signer.address === owner) return
  const publicKey = signer?.type === 'session' ? bytesToHex(signer.publicKey) : ''
  const key = tables.sessionKeys.get(store, owner, publicKey)
  if (key !== undefined && key.expires >= height && key.scopes.includes(TERMS_SCOPE)) {
    spendByKey(store, owner, publicKey, collateral)
    return
  }
  throw refusal(
    'DEAL_SIGNATURE_INVALID',
    `the terms are not signed by provider ${id}`,
    "ask the provider for its signature over exactly these terms, by its owner's key or a session key with the scope terms",
  )
}

function takeDealId({ store }: TxContext): number {
  const next = tables.nextIds.get(store)
  if (next === undefined) throw new InvariantError('the state has no next ids')
  tables.nextIds.put(store, { ...next, deal: next.deal + 1 })
  return next.deal
}

function refusal(code: TxErrorCode, message: string, hint: string): TxError {
  return new TxError(code, { message, hint })
}
