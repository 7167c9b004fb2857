/**
 * ExtendSectors: moves the expiry of sound sectors out, never in, at most as far as a new sector's could be.
 *
 * Signed by the owner or its session key.
 * Costs its fee.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), a sector that is faulty or was not proven for two periods
 * (SECTOR_NOT_SOUND), one whose time is over, and an expiry that is no later one or too late (SECTOR_EXPIRY_INVALID).
 */
import { requireOwner } from '../access/require-provider.ts'
import { memberOf } from '../proving/partitions.ts'
import { requireRecentProof } from '../proving/require-sector.ts'
import { sectorExpiryMax } from '../proving/sector-expiry-max.ts'
import { placementOf } from '../proving/spans.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const extendSectors: Effect<'ExtendSectors'> = (context, { provider, sectors, expiry }) => {
  const { store, params, height, emit } = context
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
    const { partition, position } = placementOf(sector)
    const member = memberOf(store, provider, partition, position)
    tables.members.put(store, provider, partition, position, { ...member, expiry })
    tables.sectors.put(store, provider, number, { ...sector, expiry })
    emit({ type: 'sector:extended', provider, sector: number, expiry })
  }
}
