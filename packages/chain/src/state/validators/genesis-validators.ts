/** The validators that a chain begins with: each has the least bond, which is part of the supply. */
import { fromHex } from '@granary/base'
import type { Genesis } from '@granary/protocol/records'
import type { Store } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { placeValidator } from './bonds.ts'
import { powerOf, validatorOf } from './power.ts'

export function genesisBonds({ validators, params }: Genesis): bigint {
  return BigInt(validators.length) * params.validatorBondMin
}

export function initValidators(store: Store, genesis: Genesis): void {
  const { validators, owners, params } = genesis
  for (const [index, key] of validators.entries()) {
    const publicKey = fromHex(key)
    const bond = params.validatorBondMin
    const next = { publicKey, owner: owners[index]!, bond, jailed: 'no', jailedUntil: 0 } as const
    placeValidator({ store, genesis, params }, validatorOf(publicKey), { before: undefined, next })
    tables.seats.put(store, validatorOf(publicKey), { publicKey, power: powerOf(genesis, bond) })
  }
  tables.seatsBehind.delete(store)
}
