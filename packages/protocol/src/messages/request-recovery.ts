/** Faulty sectors of a partition ask to be challenged, and to count again. */
import { list } from '../codec/field.ts'
import { partitionNumber, providerId, sectorNumber } from '../codec/ids.ts'
import { message } from './message.ts'

export const requestRecovery = message({
  name: 'RequestRecovery',
  kind: 20,
  class: 'proving',
  scope: 'daemon',
  // An empty list means a whole partition.
  units: { base: 10_000, perKiB: 8_000 },
  fields: {
    provider: providerId,
    partition: partitionNumber,
    /** None: all that are faulty. */
    sectors: list(sectorNumber, { max: 2_048 }),
  },
})
