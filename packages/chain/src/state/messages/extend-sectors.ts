/**
 * ExtendSectors: moves the expiry of sound sectors out, never in, at most as far as a new sector's could be.
 *
 * Signed by the owner or its session key.
 * Costs its fee.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), a sector that is faulty or was not proven for two periods
 * (SECTOR_NOT_SOUND), one whose time is over, and an expiry that is no later one or too late (SECTOR_EXPIRY_INVALID).
 */
import { requireOwner } from '../access/require-provider.ts'
import { extendSector } from '../proving/extend-sector.ts'
import { requireRecentProof } from '../proving/require-sector.ts'
import { sectorExpiryMax } from '../proving/sector-expiry-max.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'

export const extendSectors: Effect<'ExtendSectors'> = (context, { provider, sectors, expiry }) => {
  const { params, height } = context
  requireOwner(context, provider)
  for (const number of sectors) {
    const sector = requireRecentProof(context, provider, number)
    const last = sectorExpiryMax(params, height)
    if (sector.expiry <= height || expiry <= sector.expiry || expiry > last) {
      throw new TxError('SECTOR_EXPIRY_INVALID', {
        message: `sector ${provider}/${number} expires at ${sector.expiry}, ${expiry} is no later epoch for it`,
        hint: `extend sectors before they expire, to an epoch after their expiry and not after ${last}`,
      })
    }
    extendSector(context, provider, number, expiry)
  }
}
