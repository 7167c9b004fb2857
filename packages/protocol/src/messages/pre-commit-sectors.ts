/** Replicas are committed to, before anybody knows what they will be asked. */
import { bytes32, epochs, list, text } from '../codec/field.ts'
import { dealId, providerId, sectorNumber } from '../codec/ids.ts'
import { struct } from '../codec/struct.ts'
import { type BodyOf, message, SIGNATURE_UNITS } from './message.ts'

const sectorPreCommit = struct('SectorPreCommit', {
  /** Below 2³², used once ever. */
  number: sectorNumber,
  profile: text(32),
  commD: bytes32,
  commR: bytes32,
  ticketEpoch: epochs,
  /** In the order of their pieces in the sector. */
  deals: list(dealId, { max: 256 }),
  expiry: epochs,
})

export const preCommitSectors = message({
  name: 'PreCommitSectors',
  kind: 14,
  scope: 'daemon',
  units: { base: SIGNATURE_UNITS, perKiB: 8_000 },
  fields: {
    provider: providerId,
    sectors: list(sectorPreCommit, { min: 1, max: 64 }),
  },
})

export type SectorPreCommit = BodyOf<typeof preCommitSectors>['sectors'][number]
