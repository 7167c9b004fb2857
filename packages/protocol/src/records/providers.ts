/** Providers: who they are, what they ask for, and what was minted for them. */
import { address, bytes, epochs, list, peerId, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Address, Epoch } from '../codec/types.ts'
import type { MessageBodies } from '../messages/declarations.ts'
import { amount } from './fields.ts'

export interface Provider {
  readonly owner: Address
  readonly payout: Address
  /** 32 bytes or none. */
  readonly sessionKey: Uint8Array
  readonly endpoints: readonly string[]
  readonly peerId: string
  readonly region: string
  readonly name: string
  readonly registeredAt: Epoch
  readonly collateralFree: bigint
  readonly collateralLocked: bigint
  /** Padded bytes of its deals from their activation until they are closed. */
  readonly dealBytes: bigint
  /** Fees that no free collateral was left for: paid first by whatever becomes free. */
  readonly debt: bigint
}

export const providerRecord: Struct<Provider> = struct<Provider>('Provider', {
  owner: address,
  payout: address,
  sessionKey: bytes(0, 32),
  endpoints: list(text(256), { max: 8 }),
  peerId,
  region: text(64),
  name: text(64),
  registeredAt: epochs,
  collateralFree: amount,
  collateralLocked: amount,
  dealBytes: amount,
  debt: amount,
})

/** Starts of tranches that lie in one vesting time. */
export const VESTING_STEPS = 32

/** Released linearly over `vesting` epochs from its start. */
export interface Tranche {
  readonly start: Epoch
  readonly amount: bigint
}

export const trancheRecord: Struct<Tranche> = struct<Tranche>('Tranche', { start: epochs, amount })

/** What was minted for a provider and is not released yet. */
export interface Vesting {
  readonly locked: bigint
  /** The block through which it is released. */
  readonly through: Epoch
  /** In the order of their starts; those that are over are gone. */
  readonly tranches: readonly Tranche[]
}

export const vestingRecord: Struct<Vesting> = struct<Vesting>('Vesting', {
  locked: amount,
  through: epochs,
  // A point of the grid before the vesting time, one after now, and those between.
  tranches: list(trancheRecord, { max: VESTING_STEPS + 2 }),
})

export type Ask = Omit<MessageBodies['SetAsk'], 'provider'>

export const askRecord: Struct<Ask> = struct<Ask>('Ask', {
  pricePerGiBEpoch: amount,
  pieceSizeMin: uint(53),
  pieceSizeMax: uint(53),
  durationMin: epochs,
  durationMax: epochs,
  profiles: list(text(32), { max: 16 }),
  collateralShareMaxBps: uint(32),
  validUntil: epochs,
})
