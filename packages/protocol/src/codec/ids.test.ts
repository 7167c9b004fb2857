import { expect, test } from '@jest/globals'
import { recordTables } from '../records/record-tables.ts'
import type { PartitionNumber, ProviderId, SectorNumber } from './types.ts'

test('numbers of two kinds that are swapped are an error of types, and bare ones are not', () => {
  const [provider, partition, number]: [ProviderId, PartitionNumber, SectorNumber] = [1_000, 2, 3]
  expect(recordTables.sectors.key(provider, number)).toBe(recordTables.sectors.key(1_000, 3))
  // @ts-expect-error: a sector's number stands where a provider's is asked for
  recordTables.sectors.key(number, provider)
  // @ts-expect-error: a partition's number stands where a sector's is asked for
  recordTables.sectors.key(provider, partition)
})
