/** Who may vote, and with which weight: docs/adr/0102-what-validators-vote-on.md. */
import type { Address } from '@granary/protocol/messages'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/** Owners of the validators that take part at present, with the power of all of theirs together. */
export function votersOf({ store }: { readonly store: StateReader }): ReadonlyMap<Address, bigint> {
  const voters = new Map<Address, bigint>()
  for (const { parts, value } of tables.seats.entries(store, [])) {
    const { owner } = tables.validators.get(store, parts[0] as Address)!
    voters.set(owner, (voters.get(owner) ?? 0n) + BigInt(value.power))
  }
  return voters
}
