/** Sectors expire later. */
import { epochs, list } from '../codec/field.ts'
import { providerId, sectorNumber } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS } from './message.ts'

export const extendSectors = message({
  name: 'ExtendSectors',
  kind: 16,
  scope: 'daemon',
  units: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  fields: {
    provider: providerId,
    sectors: list(sectorNumber, { min: 1, max: 256 }),
    expiry: epochs,
  },
})
