/** Sectors expire later. */
import { epochs, list } from '../codec/field.ts'
import { providerId, sectorNumber } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const extendSectors = message({
  name: 'ExtendSectors',
  kind: 16,
  class: 'general',
  scope: 'daemon',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  fields: {
    provider: providerId,
    sectors: list(sectorNumber, { min: 1, max: 256 }),
    expiry: epochs,
  },
})
