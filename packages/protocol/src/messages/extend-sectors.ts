/** Sectors expire later. */
import { epochs, list, uint } from '../codec/field.ts'
import { type BodyOf, message, SIGNATURE_UNITS, TX_BYTES_MAX } from './message.ts'

export const extendSectors = message({
  name: 'ExtendSectors',
  kind: 16,
  class: 'general',
  scope: 'daemon',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  fields: {
    provider: uint(32),
    sectors: list(uint(32), { min: 1, max: 256 }),
    expiry: epochs,
  },
})

export type ExtendSectors = BodyOf<typeof extendSectors>
