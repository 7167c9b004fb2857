/** Validators: their bonds, which of them the engine runs with, and what they are held to. docs/spec/chain.md section 9. */
import { address, bytes32, choice, epochs, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Address, Epoch } from '../codec/types.ts'
import { amount, u48 } from './fields.ts'

/** Why a validator may not vote: it can come back from silence, never from two votes at one height. */
export type Jailed = 'no' | 'silent' | 'signed-twice'

export interface Validator {
  readonly publicKey: Uint8Array
  /** Whose the bond is. */
  readonly owner: Address
  /** Without what is on its way back. */
  readonly bond: bigint
  readonly jailed: Jailed
  /** From this epoch on it may come back. */
  readonly jailedUntil: Epoch
}

export const validatorRecord: Struct<Validator> = struct<Validator>('Validator', {
  publicKey: bytes32,
  owner: address,
  bond: amount,
  jailed: choice('no', 'silent', 'signed-twice'),
  jailedUntil: epochs,
})

/** One that the engine runs with. */
export interface Seat {
  readonly publicKey: Uint8Array
  readonly power: number
}

export const seatRecord: Struct<Seat> = struct<Seat>('Seat', { publicKey: bytes32, power: u48 })

export interface Absence {
  /** Which of the windows that follow each other from the genesis on. */
  readonly window: number
  /** Blocks of it that the validator has not voted for. */
  readonly missed: number
}

export const absenceRecord: Struct<Absence> = struct<Absence>('Absence', { window: u48, missed: u48 })

/** Money on its way back to the owner of a bond. */
export interface Unbonding {
  readonly amount: bigint
  /** Header time of the block that began it. */
  readonly sinceMs: number
}

export const unbondingRecord: Struct<Unbonding> = struct<Unbonding>('Unbonding', { amount, sinceMs: uint(53) })

/** That a validator was slashed for a height: it is kept for as long as the same could be reported again. */
export interface Slashed {
  readonly timeMs: number
}

export const slashedRecord: Struct<Slashed> = struct<Slashed>('Slashed', { timeMs: uint(53) })
