/** A sector expires later: in its record, and where its partition has it. */
import type { Epoch, ProviderId, SectorNumber } from '@granary/protocol/messages'
import type { TxContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import { requireSector } from './faults.ts'
import { memberOf } from './partitions.ts'
import { placementOf } from './spans.ts'

/** @param number of a sector that is proven; nothing happens when its expiry is no earlier */
export function extendSector(
  { store, emit }: Pick<TxContext, 'store' | 'emit'>,
  provider: ProviderId,
  number: SectorNumber,
  expiry: Epoch,
): void {
  const sector = requireSector(store, provider, number)
  if (sector.expiry >= expiry) return
  const { partition, position } = placementOf(sector)
  const member = memberOf(store, provider, partition, position)
  tables.members.put(store, provider, partition, position, { ...member, expiry })
  tables.sectors.put(store, provider, number, { ...sector, expiry })
  emit({ type: 'sector:extended', provider, sector: number, expiry })
}
