/** Guards that several messages share: the partition exists, the sector is in it, and it was proven lately. */

import type { PartitionNumber, ProviderId, SectorNumber } from '@granary/protocol/messages'
import type { Partition, Sector } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { standingOf } from './spans.ts'

/** @throws TxError PARTITION_NOT_FOUND */
export function requirePartition(store: StateReader, provider: ProviderId, partition: PartitionNumber): Partition {
  const record = tables.partitions.get(store, provider, partition)
  if (record !== undefined) return record
  throw new TxError('PARTITION_NOT_FOUND', {
    message: `provider ${provider} has no partition ${partition}`,
    hint: 'read the partitions of the provider',
  })
}

/** The sector, which must have been proven into that partition. @throws TxError SECTOR_NOT_FOUND, SECTOR_PARTITION_WRONG */
export function requireSectorIn(
  store: StateReader,
  provider: ProviderId,
  partition: PartitionNumber,
  number: SectorNumber,
): Sector {
  const sector = tables.sectors.get(store, provider, number)
  if (sector === undefined) {
    throw new TxError('SECTOR_NOT_FOUND', {
      message: `there is no sector ${provider}/${number}`,
      hint: 'name sectors of the partition',
    })
  }
  if (sector.placement?.partition !== partition) {
    throw new TxError('SECTOR_PARTITION_WRONG', {
      message: `sector ${provider}/${number} is not in partition ${partition}`,
      hint: 'name sectors of one partition',
    })
  }
  return sector
}

/**
 * The sector, which must be sound and have been proven within the last two periods.
 * @throws TxError SECTOR_NOT_FOUND, SECTOR_NOT_SOUND
 */
export function requireRecentProof(
  { store, params, height }: BlockContext,
  provider: ProviderId,
  number: SectorNumber,
): Sector {
  const sector = tables.sectors.get(store, provider, number)
  if (sector === undefined) {
    throw new TxError('SECTOR_NOT_FOUND', {
      message: `there is no sector ${provider}/${number}`,
      hint: 'name proven sectors',
    })
  }
  const standing = sector.status === 'active' ? standingOf(store, provider, sector) : undefined
  if (
    standing?.stoppedAt === undefined &&
    standing !== undefined &&
    standing.proven + 2 * params.provingPeriod >= height
  )
    return sector
  throw new TxError('SECTOR_NOT_SOUND', {
    message: `sector ${provider}/${number} has no proof that is younger than two periods`,
    hint: 'it must be proven again first',
  })
}
