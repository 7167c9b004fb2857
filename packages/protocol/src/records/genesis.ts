/** The first state of a chain and its name: every signature is bound to the hash of its genesis. */
import type { Hex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { address, bigUint, bool, hexBytes, list, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import { encodeRecord } from '../codec/tuple-codec.ts'
import type { Address, Hash } from '../codec/types.ts'
import { hashOf } from '../messages/transaction.ts'
import { type ChainParams, type ChainParamsJson, chainParams } from './chain-params.ts'

/** Where the state has it, as it was. */
export const GENESIS_KEY = 'genesis'

export interface GenesisAccount {
  readonly address: Address
  readonly balance: bigint
}

export interface GenesisBeacon {
  /** 96 bytes, BLS12-381 G2. */
  readonly publicKey: Hex
  /** Time of round 1. */
  readonly genesisTimeMs: number
  readonly periodMs: number
}

export interface Genesis {
  readonly chainId: string
  readonly timeMs: number
  readonly blockTimeMs: number
  readonly devnet: boolean
  readonly accounts: readonly GenesisAccount[]
  readonly beacon: GenesisBeacon
  readonly params: ChainParams
  /** 32 bytes each, ed25519: who makes the blocks. The embedded engine has one, which signs the headers. */
  readonly validators: readonly Hex[]
  /** Whose the bond of each of them is, in their order. */
  readonly owners: readonly Address[]
}

export interface GenesisJson {
  readonly chainId: string
  readonly timeMs: number
  readonly blockTimeMs: number
  readonly devnet: boolean
  readonly accounts: readonly { readonly address: string; readonly balance: string }[]
  readonly beacon: { readonly publicKey: string; readonly genesisTimeMs: number; readonly periodMs: number }
  readonly params: ChainParamsJson
  readonly validators: readonly string[]
  readonly owners: readonly string[]
}

const VALIDATORS_MAX = 128
const GENESIS_DOMAIN = new TextEncoder().encode('granary/genesis/1'.padEnd(32, '\0'))

export const genesisStruct: Struct<Genesis, GenesisJson> = struct<Genesis, GenesisJson>('Genesis', {
  chainId: text(64),
  timeMs: uint(53),
  blockTimeMs: uint(32),
  devnet: bool,
  accounts: list(struct<GenesisAccount>('GenesisAccount', { address, balance: bigUint(128) }), { max: 100_000 }),
  beacon: struct<GenesisBeacon>('GenesisBeacon', {
    publicKey: hexBytes(96),
    genesisTimeMs: uint(53),
    periodMs: uint(32),
  }),
  params: chainParams,
  validators: list(hexBytes(32), { min: 1, max: VALIDATORS_MAX }),
  owners: list(address, { min: 1, max: VALIDATORS_MAX }),
})

export function genesisToJson(genesis: Genesis): GenesisJson {
  return genesisStruct.toJson(genesis, 'genesis')
}

export function genesisHash(genesis: Genesis): Hash {
  return hashOf(sha256(concatBytes(GENESIS_DOMAIN, encodeRecord(genesisStruct, genesis))))
}
