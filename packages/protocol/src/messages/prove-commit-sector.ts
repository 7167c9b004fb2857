/** The proof of replication of a sector that was committed to. */
import { bytes } from '../codec/field.ts'
import { providerId, sectorNumber } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS } from './message.ts'

export const BUNDLE_BYTES_MAX: number = 3 * 2 ** 20

export const proveCommitSector = message({
  name: 'ProveCommitSector',
  kind: 15,
  scope: 'daemon',
  sizeMax: BUNDLE_BYTES_MAX,
  // A proof's work grows with its bytes.
  units: { base: SIGNATURE_UNITS, perKiB: 150 },
  fields: {
    provider: providerId,
    number: sectorNumber,
    bundle: bytes(1, BUNDLE_BYTES_MAX),
  },
})
