/**
 * ProveCommitSector: the PoRep of a pre-committed sector, verified in full over a seed that was drawn after the
 * commitment. Activates its deals and puts it into the place that was kept for it, even while its partition is under
 * challenge. It fails for nothing but itself: deals, place and deposit were bound before.
 *
 * Signed by the owner or its session key.
 * Costs its fee, by the bytes of the proof.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), a sector that there is not (SECTOR_NOT_FOUND), that waits for no
 * proof (SECTOR_STATE_WRONG) or no longer (COMMIT_EXPIRED), a proof before the seed (SEED_NOT_READY) or that is wrong
 * (BUNDLE_LENGTH_WRONG, POREP_INVALID).
 */
import { profileNamed } from '@granary/proofs/profile'
import type { PartitionNumber, ProviderId, SectorNumber } from '@granary/protocol/messages'
import type { Sector } from '@granary/protocol/records'
import { requireOwner } from '../access/require-provider.ts'
import { changeDealBytes, unlockCollateral } from '../money/ledger.ts'
import { takePlace } from '../proving/partitions.ts'
import { draw, entropyOf, seedEntropyOf } from '../proving/randomness.ts'
import { seedEpochOf } from '../proving/seed-epoch.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { InvariantError, TxError, type TxErrorCode } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const proveCommitSector: Effect<'ProveCommitSector'> = (context, { provider, number, bundle }) => {
  const { store, height } = context
  requireOwner(context, provider)
  const sector = tables.sectors.get(store, provider, number)
  if (sector === undefined) {
    throw refusal('SECTOR_NOT_FOUND', `there is no sector ${provider}/${number}`, 'pre-commit it first')
  }
  if (sector.status !== 'precommitted') {
    const code = sector.status === 'failed' ? 'COMMIT_EXPIRED' : 'SECTOR_STATE_WRONG'
    throw refusal(code, `sector ${provider}/${number} is ${sector.status}`, 'only a pre-committed sector can be proven')
  }
  checkProof(context, provider, number, sector, bundle)

  tables.commitDeadlines.delete(store, sector.commitBy, provider, number)
  unlockCollateral(store, provider, sector.deposit)
  const { reservation: partition } = sector
  if (partition === undefined) throw new InvariantError(`no place is kept for sector ${provider}/${number}`)
  const position = takePlace(context, provider, partition, { ...sector, number })
  tables.sectors.put(store, provider, number, {
    ...sector,
    status: 'active',
    deposit: 0n,
    reservation: undefined,
    dealsEnd: endOfDeals(context, sector),
    placement: { partition, position, activatedAt: height, since: height, listedAt: height, faultedEpochs: 0 },
  })
  activateDeals(context, provider, number, partition, sector)
}

export const proveCommitSectorClaims: Claims<'ProveCommitSector'> = {
  subject: (_, { provider, number: sector }) => ({ type: 'seal', provider, sector }),
}

function checkProof(
  { store, params, checks, height }: TxContext,
  provider: ProviderId,
  number: SectorNumber,
  sector: Sector,
  bundle: Uint8Array,
): void {
  const seedEpoch = seedEpochOf(store, params, sector.preCommitEpoch)
  const isPast = seedEpoch !== undefined && height > seedEpoch
  const seed = isPast ? draw(store, 'SEED', seedEpoch, seedEntropyOf(provider, number, sector.commR)) : undefined
  if (seed === undefined) {
    const which = seedEpoch === undefined ? 'an epoch to come' : `epoch ${seedEpoch}`
    throw new TxError('SEED_NOT_READY', {
      message: `the seed of sector ${provider}/${number} is that of ${which}, this is ${height}`,
      hint: 'prove it over the seed, once that epoch is past: GET /v1/sectors/{provider}/{number} says which it is',
    })
  }
  const ticket = draw(store, 'TICKET', sector.ticketEpoch, entropyOf(provider, number))
  if (ticket === undefined) throw new InvariantError(`the ticket of sector ${provider}/${number} is no longer kept`)
  const profile = profileNamed(sector.profile)
  const { commD, commR } = sector
  const verdict = checks.poRep({ profile, provider, sectorNumber: number, ticket, seed, commD, commR, bundle })
  if (verdict.ok) return
  const code = verdict.reason === 'BUNDLE_LENGTH_WRONG' ? 'BUNDLE_LENGTH_WRONG' : 'POREP_INVALID'
  throw refusal(
    code,
    `the proof of sector ${provider}/${number} is refused: ${verdict.reason}`,
    'prove the replica that was committed to',
  )
}

function endOfDeals({ store, height }: TxContext, { deals }: Sector): number {
  return Math.max(0, ...deals.map((id) => height + (tables.deals.get(store, id)?.duration ?? 0)))
}

function activateDeals(
  context: TxContext,
  provider: ProviderId,
  number: SectorNumber,
  partition: PartitionNumber,
  sector: Sector,
): void {
  const { store, height, emit } = context
  emit({ type: 'sector:proven', provider, sector: number, partition, epoch: height })
  for (const id of sector.deals) {
    const deal = tables.deals.get(store, id)
    if (deal === undefined) throw new InvariantError(`deal ${id} of sector ${provider}/${number} is unknown`)
    changeDealBytes(store, provider, deal.terms.pieceSize)
    const endsAt = height + deal.terms.duration
    emit({
      type: 'deal:active',
      deal: id,
      provider,
      sector: number,
      client: deal.terms.client,
      epoch: height,
      endsAt,
    })
  }
}

function refusal(code: TxErrorCode, message: string, hint: string): TxError {
  return new TxError(code, { message, hint })
}
