/** Accounts: their money, and who else may sign for them. */
import { epochs, list, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Epoch } from '../codec/types.ts'
import { amount } from './fields.ts'

export interface Account {
  readonly balance: bigint
  /** Locked in the account's deals. */
  readonly escrow: bigint
}

export const accountRecord: Struct<Account> = struct<Account>('Account', { balance: amount, escrow: amount })

export interface Lane {
  readonly next: number
}

export const laneRecord: Struct<Lane> = struct<Lane>('Lane', { next: uint(53) })

export interface SessionKey {
  readonly scopes: readonly string[]
  readonly expires: Epoch
  readonly spendingLimit: bigint
  readonly spent: bigint
}

export const sessionKeyRecord: Struct<SessionKey> = struct<SessionKey>('SessionKey', {
  scopes: list(text(32), { max: 32 }),
  expires: epochs,
  spendingLimit: amount,
  spent: amount,
})
