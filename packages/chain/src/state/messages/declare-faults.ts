/**
 * DeclareFaults: the provider says itself that it cannot prove sectors of a partition. They leave its list from
 * `cutoff` epochs later on: a challenge that is open, or drawn before that, still asks for them. The span since their
 * last proof counts as faulted. Of the proving class.
 *
 * Signed by the owner or its session key.
 * Costs `feeProving`; burns what the sectors earn in `declaredFaultFee` epochs, less than a missed proof.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), sectors that are not of that partition (SECTOR_PARTITION_WRONG),
 * not sound or named twice (SECTOR_NOT_SOUND).
 */
import type { MessageBodies } from '@granary/protocol/messages'
import { requireOwner } from '../access/require-provider.ts'
import { chargeProvider, declareFault, forfeit, incomeOf } from '../proving/faults.ts'
import { requirePartition, requireSectorIn } from '../proving/require-sector.ts'
import { standingOf } from '../proving/spans.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { TxError } from '../store/errors.ts'

export const declareFaults: Effect<'DeclareFaults'> = (context, body) => {
  const { height, emit } = context
  const { provider, partition, sectors } = body
  const fee = checkDeclaration(context, body)
  const forfeited = sectors.reduce((sum, number) => sum + declareFault(context, provider, number), 0n)
  emit({ type: 'fault:declared', provider, partition, sectors, epoch: height })
  forfeit(context, { provider, partition }, forfeited, 'FAULT_DECLARED')
  chargeProvider(context, provider, fee, 'FAULT_DECLARED')
}

export const declareFaultsClaims: Claims<'DeclareFaults'> = {
  subject: (_, { provider, partition }) => ({ type: 'declaration', provider, partition }),
}

/** @returns what it burns, or leaves as a debt @throws TxError */
export function checkDeclaration(
  context: TxContext,
  { provider, partition, sectors }: MessageBodies['DeclareFaults'],
): bigint {
  const { store, params } = context
  requireOwner(context, provider)
  requirePartition(store, provider, partition)
  const distinct = new Set(sectors)
  let income = 0n
  for (const number of distinct) {
    const sector = requireSectorIn(store, provider, partition, number)
    const isSound = sector.status === 'active' && standingOf(store, provider, sector).stoppedAt === undefined
    if (!isSound || distinct.size !== sectors.length) {
      throw new TxError('SECTOR_NOT_SOUND', {
        message: `sector ${provider}/${number} is faulty already, or over, or named twice`,
        hint: 'declare each sector once, and only those that are proven with their partition',
      })
    }
    income += incomeOf(context, sector)
  }
  return income * BigInt(params.declaredFaultFee)
}
