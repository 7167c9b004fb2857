/** Sectors of a partition that are faulty, said before the chain finds out. */
import { list } from '../codec/field.ts'
import { partitionNumber, providerId, sectorNumber } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS } from './message.ts'

export const declareFaults = message({
  name: 'DeclareFaults',
  kind: 19,
  class: 'proving',
  scope: 'daemon',
  units: { base: SIGNATURE_UNITS, perKiB: 16_000 },
  fields: {
    provider: providerId,
    partition: partitionNumber,
    sectors: list(sectorNumber, { min: 1, max: 2_048 }),
  },
})
