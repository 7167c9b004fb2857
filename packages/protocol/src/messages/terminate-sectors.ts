/** Sectors end before their time. */
import { list } from '../codec/field.ts'
import { providerId, sectorNumber } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS } from './message.ts'

export const terminateSectors = message({
  name: 'TerminateSectors',
  kind: 17,
  scope: 'session',
  units: { base: SIGNATURE_UNITS, perKiB: 16_000 },
  fields: {
    provider: providerId,
    sectors: list(sectorNumber, { min: 1, max: 256 }),
  },
})
