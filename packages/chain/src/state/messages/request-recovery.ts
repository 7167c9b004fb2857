/**
 * RequestRecovery: asks that faulty sectors of a partition be challenged, with four times the samples, so that they
 * count again; an empty list means all that are faulty. The request waits in a queue, is drawn not before `cutoff`
 * epochs later, and is answered with SubmitPost. Of the proving class.
 *
 * Signed by the owner or its session key.
 * Costs `feeProving`; a recovery that is missed, the fee of a missed proof.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), a second request of the partition (RECOVERY_PENDING), one within
 * a period after a recovery that was missed (RECOVERY_BARRED), sectors that are not faulty (SECTOR_NOT_FAULTY).
 */
import type { MessageBodies, PartitionNumber, ProviderId, SectorNumber } from '@granary/protocol/messages'
import { requireOwner } from '../access/require-provider.ts'
import { allMembers, isListed, NOW } from '../proving/partitions.ts'
import { enqueueRecovery } from '../proving/recoveries.ts'
import { requirePartition, requireSectorIn } from '../proving/require-sector.ts'
import { placementOf, standingOf } from '../proving/spans.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { TxError } from '../store/errors.ts'

export const requestRecovery: Effect<'RequestRecovery'> = (context, body) => {
  const { provider, partition } = body
  const positions = checkRequest(context, body)
  enqueueRecovery(context, provider, partition, positions)
  context.emit({
    type: 'recovery:requested',
    provider,
    partition,
    sectors: positions.length,
    epoch: context.height,
  })
}

export const requestRecoveryClaims: Claims<'RequestRecovery'> = {
  subject: (_, { provider, partition }) => ({ type: 'request', provider, partition }),
}

/** @returns the positions of the sectors, in the partition's order @throws TxError */
export function checkRequest(
  context: TxContext,
  { provider, partition, sectors }: MessageBodies['RequestRecovery'],
): number[] {
  const { store, height } = context
  requireOwner(context, provider)
  const record = requirePartition(store, provider, partition)
  if (record.requestedAt !== undefined || record.recovery !== undefined) {
    throw new TxError('RECOVERY_PENDING', {
      message: `partition ${provider}/${partition} has a request to recover already`,
      hint: 'answer its challenge when it is drawn',
    })
  }
  if (height < record.recoveryBarredUntil) {
    throw new TxError('RECOVERY_BARRED', {
      message: `partition ${provider}/${partition} missed its recovery`,
      hint: `ask again at epoch ${record.recoveryBarredUntil}`,
    })
  }
  const faulty = allMembers(store, provider, partition)
    .filter((member) => !isListed(record, member, NOW) && member.expiry > height)
    .filter((member) => requireSectorIn(store, provider, partition, member.number).status === 'active')
    .map((member) => member.position)
  if (sectors.length === 0 && faulty.length > 0) return faulty
  const wanted = new Set(sectors.map((number) => faultyPosition(context, provider, partition, number)))
  if (wanted.size === 0 || wanted.size !== sectors.length || ![...wanted].every((each) => faulty.includes(each))) {
    throw notFaulty(`not each of these sectors of partition ${provider}/${partition} is faulty, once`)
  }
  return faulty.filter((position) => wanted.has(position))
}

function faultyPosition(
  { store }: TxContext,
  provider: ProviderId,
  partition: PartitionNumber,
  number: SectorNumber,
): number {
  const sector = requireSectorIn(store, provider, partition, number)
  if (standingOf(store, provider, sector).stoppedAt === undefined) {
    throw notFaulty(`sector ${provider}/${number} is sound`)
  }
  return placementOf(sector).position
}

function notFaulty(message: string): TxError {
  return new TxError('SECTOR_NOT_FAULTY', { message, hint: 'name sectors that are faulty and not over' })
}
