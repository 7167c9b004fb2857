/**
 * The sectors that an answer skips are faulty from then on, for a fee each. docs/spec/chain.md section 3.
 */
import { formatGrn, type PartitionNumber, type ProviderId } from '@granary/protocol/messages'
import type { Partition } from '@granary/protocol/records'
import { type Cover, frozenIncome, skipFee, uncoveredOf } from '../money/answer-fees.ts'
import type { BlockContext } from '../store/context.ts'
import { InvariantError, TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import { endSector } from './challenges.ts'
import { chargeProvider, declareFault, forfeit } from './faults.ts'
import { isListed, NOW, type PositionedMember, partitionOf } from './partitions.ts'

/**
 * Refuses skips whose fee would leave a debt larger than what still vests: a fee that nothing will ever pay holds nobody
 * back.
 * @returns the fee of all skips together
 * @throws TxError SKIP_NOT_COVERED
 */
export function requireCoveredSkips(
  context: BlockContext,
  provider: ProviderId,
  partition: Partition,
  list: readonly PositionedMember[],
  skipped: readonly number[],
): bigint {
  if (skipped.length === 0) return 0n
  const fee = skipFee(context.params, frozenIncome(context, partition, list), skipped)
  const lacking = uncoveredOf(coverOf(context, provider), fee)
  if (lacking <= 0n) return fee
  throw new TxError('SKIP_NOT_COVERED', {
    message: `to skip ${skipped.length} sectors costs ${formatGrn(fee)}: ${formatGrn(lacking)} more than provider ${provider} has in free collateral and vesting`,
    hint: 'prove the whole list; for later, raise `collateral` in the config.json of the provider and start it again: it deposits what is missing',
    details: { provider, fee: String(fee), lacking: String(lacking) },
  })
}

/**
 * To be called before the answer is counted. A sector that was declared faulty or terminated since the list was frozen has
 * paid for that, and pays for being skipped too. One whose time is over ends here, and its last span is not proven.
 */
export function skipSectors(
  context: BlockContext,
  { provider, partition }: { readonly provider: ProviderId; readonly partition: PartitionNumber },
  skipped: readonly PositionedMember[],
  fee: bigint,
): void {
  const { store, height, emit } = context
  if (skipped.length === 0) return
  emit({ type: 'fault:skipped', provider, partition, sectors: skipped.map(({ number }) => number), epoch: height })
  let forfeited = 0n
  for (const member of skipped) {
    if (!isListed(partitionOf(store, provider, partition), member, NOW)) continue
    if (member.expiry <= height) endSector(context, provider, partition, member, 'SECTOR_SKIPPED')
    else forfeited += declareFault(context, provider, member.number)
  }
  forfeit(context, { provider, partition }, forfeited, 'SECTOR_SKIPPED')
  chargeProvider(context, provider, fee, 'SECTOR_SKIPPED')
}

function coverOf({ store }: BlockContext, id: number): Cover {
  const provider = tables.providers.get(store, id)
  if (provider === undefined) throw new InvariantError(`there is no provider ${id} to answer`)
  return { ...provider, vesting: tables.vesting.get(store, id)?.locked ?? 0n }
}
