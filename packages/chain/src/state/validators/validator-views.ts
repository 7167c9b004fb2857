/** Validators as a node answers with them. */
import { fromHex, type Hex, toHex } from '@granary/base'
import type { ValidatorView } from '@granary/protocol/chain-api'
import type { Address } from '@granary/protocol/messages'
import { keyNumber, type Validator } from '@granary/protocol/records'
import { readGenesis, readHead, readParams } from '../store/head.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { validatorOf } from './power.ts'

export function validatorView(reader: StateReader, publicKey: Hex): ValidatorView | undefined {
  const validator = validatorOf(fromHex(publicKey))
  const record = tables.validators.get(reader, validator)
  return record && viewOf(reader, validator, record)
}

/** In an order that follows from their keys alone. @param after the key of the last one before */
export function validatorViews(reader: StateReader, after: Hex | undefined, limit: number): ValidatorView[] {
  const views: ValidatorView[] = []
  const behind: [Address] | undefined = after && [validatorOf(fromHex(after))]
  for (const { parts, value } of tables.validators.entries(reader, [], behind)) {
    if (views.length === limit) break
    views.push(viewOf(reader, parts[0] as Address, value))
  }
  return views
}

function viewOf(reader: StateReader, validator: Address, record: Validator): ValidatorView {
  const { publicKey, owner, bond, jailed, jailedUntil } = record
  const { unbonding } = readGenesis(reader).params
  const window = Math.floor(readHead(reader).height / readParams(reader).livenessWindow)
  const absence = tables.absences.get(reader, validator)
  const leaving = [...tables.unbondings.entries(reader, [validator])].map(({ parts, value }) => {
    const since = keyNumber(parts[1])
    return { amount: String(value.amount), since, releases: since + unbonding }
  })
  return {
    publicKey: toHex(publicKey),
    owner,
    bond: String(bond),
    power: tables.seats.get(reader, validator)?.power ?? 0,
    jailed,
    jailedUntil: jailed === 'silent' ? jailedUntil : null,
    missed: absence?.window === window ? absence.missed : 0,
    unbonding: leaving,
  }
}
