/** What a bond is worth in votes. docs/spec/chain.md section 9. */
import { fromHex, toHex } from '@granary/base'
import { GENESIS_POWER } from '@granary/protocol/comet'
import type { Address } from '@granary/protocol/messages'
import type { ChainParams, Genesis, Validator } from '@granary/protocol/records'
import { sha256 } from '@noble/hashes/sha2.js'

/** So that 128 of them are far from what CometBFT can count. */
export const POWER_MAX: number = 2 ** 48 - 1

/** As the engine names validators. */
export function validatorOf(publicKey: Uint8Array): Address {
  return toHex(sha256(publicKey).subarray(0, 20))
}

/** @param key hex, as a genesis has it */
export function validatorOfKey(key: Address): Address {
  return validatorOf(fromHex(key))
}

/** By the genesis' own least bond, which never changes: a vote that asks for more of it changes nobody's power. */
export function powerOf({ params }: Genesis, bond: bigint): number {
  const power = (bond * GENESIS_POWER) / params.validatorBondMin
  return power > BigInt(POWER_MAX) ? POWER_MAX : Number(power)
}

export function mayBeSeated({ validatorBondMin }: ChainParams, { bond, jailed }: Validator): boolean {
  return jailed === 'no' && bond >= validatorBondMin
}
