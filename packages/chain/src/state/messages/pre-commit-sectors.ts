/**
 * PreCommitSectors: a provider binds itself to replicas before it knows what it will be asked about them. CommD must be
 * the one of the deals' pieces in their order. Locks the deposit and the pledge, keeps a place in a partition, whose deposit
 * a new one locks, and binds the deals: until the sector is proven or its time runs out they can neither be cancelled nor
 * lapse nor be bound by another.
 *
 * Signed by the owner or its session key.
 * Costs its fee; the deposit burns if no proof comes in time.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), a profile that the chain does not take (PROFILE_REFUSED), a
 * number that was used (SECTOR_NUMBER_USED), a ticket that is too old or not there (TICKET_INVALID), deals that there
 * are not, of another, bound or over (DEAL_NOT_FOUND, DEAL_PROVIDER_WRONG, DEAL_NOT_FREE), another CommD
 * (COMM_D_MISMATCH, PIECES_DO_NOT_FIT), an expiry before a deal could end or beyond the longest
 * (SECTOR_EXPIRY_INVALID), too little free collateral (INSUFFICIENT_COLLATERAL), a sector for which no slot is free (NO_SLOT).
 */
import { equalBytes, GranaryError } from '@granary/base'
import { computeCommD, parsePieceCid } from '@granary/proofs/verify'
import type { DealId, ProviderId, SectorPreCommit } from '@granary/protocol/messages'
import type { Deal } from '@granary/protocol/records'
import { requireOwner } from '../access/require-provider.ts'
import { dealStatus } from '../market/deal-status.ts'
import { perGiB } from '../money/shares.ts'
import { lockWithVested } from '../money/vesting.ts'
import { reservePlace } from '../proving/partitions.ts'
import { draw, entropyOf } from '../proving/randomness.ts'
import { allowedProfile } from '../proving/response-window.ts'
import { sectorExpiryMax } from '../proving/sector-expiry-max.ts'
import { isNumberUsed, useNumber } from '../proving/sector-numbers.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { TxError, type TxErrorCode } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

interface BoundDeal {
  readonly id: DealId
  readonly deal: Deal
}

export const preCommitSectors: Effect<'PreCommitSectors'> = (context, { provider, sectors }) => {
  requireOwner(context, provider)
  for (const sector of sectors) preCommit(context, provider, sector)
}

function preCommit(context: TxContext, provider: ProviderId, sector: SectorPreCommit): void {
  const { store, params, height, emit } = context
  const { number, expiry, ticketEpoch, commD, commR } = sector
  const profile = allowedProfile(params, sector.profile)
  if (profile === undefined) {
    throw refusal(
      'PROFILE_REFUSED',
      `this chain takes no sectors of profile ${sector.profile}`,
      'seal with another profile',
    )
  }
  if (isNumberUsed(store, provider, number)) {
    throw refusal('SECTOR_NUMBER_USED', `sector ${number} has been used`, 'a number is used once: take the next one')
  }
  if (ticketEpoch > height || ticketEpoch < height - params.ticketMaxAge || !hasTicket(context, provider, sector)) {
    throw refusal(
      'TICKET_INVALID',
      `there is no ticket of epoch ${ticketEpoch} that may be used at ${height}`,
      `seal with a ticket not older than ${params.ticketMaxAge} epochs`,
    )
  }
  const deals = freeDeals(context, provider, sector.deals)
  if (!equalBytes(commDOf(deals, profile.sectorBytes), commD)) {
    throw refusal(
      'COMM_D_MISMATCH',
      `sector ${number} does not hold the pieces of its deals in their order`,
      'give the deals in the order of their pieces in the sector',
    )
  }
  const commitBy = height + params.commitExpiry
  checkExpiry(context, expiry, commitBy, deals)

  const deposit = perGiB(params.preCommitDepositPerGiB, profile.sectorBytes)
  const pledge = perGiB(params.pledgePerGiB, profile.sectorBytes)
  lockWithVested(context, provider, deposit + pledge)
  const partition = reservePlace(context, provider, profile.name)
  useNumber(store, provider, number)
  tables.sectors.put(store, provider, number, {
    status: 'precommitted',
    profile: profile.name,
    commD,
    commR,
    ticketEpoch,
    preCommitEpoch: height,
    commitBy,
    expiry,
    deals: sector.deals,
    deposit,
    pledge,
    dealsEnd: 0,
    pay: deals.reduce((sum, { deal }) => sum + deal.terms.pricePerEpoch, 0n),
    reservation: partition,
    placement: undefined,
    stopped: undefined,
  })
  tables.commitDeadlines.put(store, commitBy, provider, number, {})
  for (const { id, deal } of deals) tables.deals.put(store, id, { ...deal, sector: number })
  emit({ type: 'sector:precommitted', provider, sector: number, epoch: height, commitBy, deals: sector.deals })
}

function hasTicket({ store }: TxContext, provider: ProviderId, { number, ticketEpoch }: SectorPreCommit): boolean {
  return draw(store, 'TICKET', ticketEpoch, entropyOf(provider, number)) !== undefined
}

function freeDeals({ store, height }: TxContext, provider: ProviderId, ids: readonly DealId[]): BoundDeal[] {
  if (new Set(ids).size !== ids.length) {
    throw refusal('DEAL_NOT_FREE', 'a deal stands twice in one sector', 'name each deal once')
  }
  return ids.map((id) => {
    const deal = tables.deals.get(store, id)
    if (deal === undefined) throw refusal('DEAL_NOT_FOUND', `there is no deal ${id}`, 'name published deals only')
    if (deal.terms.provider !== provider) {
      throw refusal(
        'DEAL_PROVIDER_WRONG',
        `deal ${id} is with provider ${deal.terms.provider}`,
        'name your own deals only',
      )
    }
    const { state } = dealStatus(store, deal, height)
    if (state !== 'published') {
      throw refusal(
        'DEAL_NOT_FREE',
        `deal ${id} is ${state}`,
        'put only deals that are published and not lapsed into a sector',
      )
    }
    return { id, deal }
  })
}

function commDOf(deals: readonly BoundDeal[], sectorBytes: number): Uint8Array {
  const pieces = deals.map(({ deal: { terms } }) => ({
    root: parsePieceCid(terms.pieceCid).root,
    paddedSize: terms.pieceSize,
  }))
  try {
    return computeCommD(pieces, sectorBytes)
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'PIECES_DO_NOT_FIT') throw error
    throw refusal('PIECES_DO_NOT_FIT', error.message, error.hint)
  }
}

/**
 * The sector must last longer than any of its deals could, and not without end. Who sends it cannot know the block that
 * takes it, so there is room between the bounds even for the longest deal.
 */
function checkExpiry({ params }: TxContext, expiry: number, commitBy: number, deals: readonly BoundDeal[]): void {
  const longest = deals.reduce((max, { deal }) => Math.max(max, deal.terms.duration), params.dealDurationMin)
  const first = commitBy + longest
  const last = sectorExpiryMax(params, commitBy)
  if (expiry >= first && expiry <= last) return
  throw refusal(
    'SECTOR_EXPIRY_INVALID',
    `the sector would expire at ${expiry}`,
    `choose an epoch from ${first}, before which a deal could still run, to ${last}`,
  )
}

function refusal(code: TxErrorCode, message: string, hint: string): TxError {
  return new TxError(code, { message, hint })
}
