/**
 * A sector's number is used only once, ever. The used ones are kept as ranges by their end, so that numbers used in order
 * take one record.
 */

import type { ProviderId, SectorNumber } from '@granary/protocol/messages'
import { keyNumber } from '@granary/protocol/records'
import type { StateReader, Store } from '../store/store.ts'
import { firstOf } from '../store/table.ts'
import { tables } from '../store/tables.ts'

interface Range {
  readonly start: number
  readonly end: number
}

export function isNumberUsed(store: StateReader, provider: ProviderId, number: SectorNumber): boolean {
  const range = rangeFrom(store, provider, number)
  return range !== undefined && range.start <= number
}

/** Notes that a number is used, which must not have been before. */
export function useNumber(store: Store, provider: ProviderId, number: SectorNumber): void {
  const above = rangeFrom(store, provider, number)
  const below = number === 0 ? undefined : tables.usedNumbers.get(store, provider, number - 1)
  if (below !== undefined) tables.usedNumbers.delete(store, provider, number - 1)
  const start = below?.start ?? number
  const end = above?.start === number + 1 ? above.end : number
  tables.usedNumbers.put(store, provider, end, { start })
}

/** The first range that ends at `number` or after it. */
function rangeFrom(store: StateReader, provider: ProviderId, number: SectorNumber): Range | undefined {
  const after: [number, number] | undefined = number === 0 ? undefined : [provider, number - 1]
  const entry = firstOf(tables.usedNumbers.entries(store, [provider], after))
  return entry === undefined ? undefined : { start: entry.value.start, end: keyNumber(entry.parts[1]) }
}
