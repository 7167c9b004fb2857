/** Tables of validators. A page has no-operator-tables.ts under the same name: `imports` in package.json. */
import type { Address, Epoch } from '../codec/types.ts'
import { marker } from './fields.ts'
import { type RecordTable, recordTable } from './record-table.ts'
import {
  type Absence,
  absenceRecord,
  type Seat,
  type Slashed,
  seatRecord,
  slashedRecord,
  type Unbonding,
  unbondingRecord,
  type Validator,
  validatorRecord,
} from './validators.ts'

export const operatorTables: {
  /** By the first 20 bytes of the SHA-256 of its key, as the engine names it. */
  readonly validators: RecordTable<[validator: Address], Validator>
  /** Those that may be in the set, the most powerful first: by 2⁴⁸ − 1 − power. */
  readonly candidates: RecordTable<[rank: number, validator: Address], object>
  /** The set that the engine was given last. */
  readonly seats: RecordTable<[validator: Address], Seat>
  /** There while the set may differ from what the bonds say. */
  readonly seatsBehind: RecordTable<[], object>
  readonly absences: RecordTable<[validator: Address], Absence>
  readonly unbondings: RecordTable<[validator: Address, since: Epoch], Unbonding>
  readonly unbondingQueue: RecordTable<[since: Epoch, validator: Address], object>
  readonly slashes: RecordTable<[height: Epoch, validator: Address], Slashed>
} = {
  validators: recordTable('validator', ['validator'], validatorRecord),
  candidates: recordTable('candidate', ['rank', 'validator'], marker),
  seats: recordTable('seat', ['validator'], seatRecord),
  seatsBehind: recordTable('seats-behind', [], marker),
  absences: recordTable('absence', ['validator'], absenceRecord),
  unbondings: recordTable('unbonding', ['validator', 'since'], unbondingRecord),
  unbondingQueue: recordTable('unbonding-queue', ['since', 'validator'], marker),
  slashes: recordTable('slash', ['height', 'validator'], slashedRecord),
}
