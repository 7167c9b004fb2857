/** The first state of a chain and its name: every signature is bound to the hash of its genesis. */
import { GranaryError, type Hex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { address, bigUint, bool, hexBytes, list, text, uint } from '../messages/field.ts'
import { type Address, AMOUNT_MAX, type Hash, hashOf } from '../messages/index.ts'
import { type Struct, struct } from '../messages/struct.ts'
import { encodeRecord } from '../messages/tuple-codec.ts'
import { faultOfParams, faultOfTimes } from './param-bounds.ts'
import { type ChainParams, type ChainParamsJson, chainParams, devnetParams, productionParams } from './params.ts'
import { mintedByCapacityMax } from './rewards.ts'

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
  /** 32 bytes, ed25519: who signs the headers of the embedded engine. */
  readonly validator: Hex
}

export interface GenesisJson {
  readonly chainId: string
  readonly timeMs: number
  readonly blockTimeMs: number
  readonly devnet: boolean
  readonly accounts: readonly { readonly address: string; readonly balance: string }[]
  readonly beacon: { readonly publicKey: string; readonly genesisTimeMs: number; readonly periodMs: number }
  readonly params: ChainParamsJson
  readonly validator: string
}

export interface DevnetOptions {
  readonly validator: Hex
  readonly beaconPublicKey: Hex
  /** Has all the money at first. */
  readonly faucet: Address
  readonly timeMs: number
  /** @default 500 */
  readonly blockTimeMs?: number
}

export interface ProductionOptions {
  readonly chainId: string
  readonly validator: Hex
  readonly beacon: GenesisBeacon
  /** Who has the money at first. */
  readonly accounts: readonly GenesisAccount[]
  readonly timeMs: number
  /** @default 5000 */
  readonly blockTimeMs?: number
}

export class GenesisInvalidError extends GranaryError {
  constructor(why: string) {
    super({
      code: 'GENESIS_INVALID',
      message: `the genesis is not valid: ${why}`,
      hint: 'take the genesis file of the chain that you want to join, or make a new one',
      retryable: false,
    })
  }
}

const BEACON_PERIOD_MS = 3_000
/** Minted for services is at most nine tenths of what is burnt: so what is ever minted, or burnt, is at most ten times the rest. */
const MOVED_TIMES_MAX = 10n
const DEVNET_SUPPLY = 10n ** 27n
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
  validator: hexBytes(32),
})

export function genesisToJson(genesis: Genesis): GenesisJson {
  return genesisStruct.toJson(genesis, 'genesis')
}

/** @throws MessageInvalidError naming the field, GenesisInvalidError */
export function genesisFromJson(json: unknown): Genesis {
  const genesis = genesisStruct.fromJson(json, 'genesis')
  assertGenesis(genesis)
  return genesis
}

export function genesisHash(genesis: Genesis): Hash {
  return hashOf(sha256(concatBytes(GENESIS_DOMAIN, encodeRecord(genesisStruct, genesis))))
}

export function devnetGenesis(options: DevnetOptions): Genesis {
  const { validator, beaconPublicKey, faucet, timeMs, blockTimeMs = 500 } = options
  return {
    chainId: 'granary-devnet',
    timeMs,
    blockTimeMs,
    devnet: true,
    accounts: [{ address: faucet, balance: DEVNET_SUPPLY }],
    beacon: { publicKey: beaconPublicKey, genesisTimeMs: timeMs, periodMs: BEACON_PERIOD_MS },
    params: devnetParams(blockTimeMs),
    validator,
  }
}

/** @throws GenesisInvalidError */
export function productionGenesis({ blockTimeMs = 5_000, ...given }: ProductionOptions): Genesis {
  const genesis: Genesis = { ...given, blockTimeMs, devnet: false, params: productionParams(blockTimeMs) }
  assertGenesis(genesis)
  if (genesis.accounts.every(({ balance }) => balance === 0n)) throw new GenesisInvalidError('nobody has any money')
  return genesis
}

/** What must hold between fields; each field by itself has been checked by its declaration. */
export function assertGenesis(genesis: Genesis): void {
  const { params, beacon, accounts } = genesis
  if (params.blockTimeMs !== genesis.blockTimeMs || genesis.blockTimeMs === 0) {
    throw new GenesisInvalidError(`block times ${genesis.blockTimeMs} and ${params.blockTimeMs} ms`)
  }
  if (beacon.periodMs === 0 || genesis.timeMs < beacon.genesisTimeMs) {
    throw new GenesisInvalidError('the chain starts before its beacon')
  }
  const fault = faultOfParams(params) ?? (genesis.devnet ? undefined : faultOfTimes(params, beacon.periodMs))
  if (fault !== undefined) throw new GenesisInvalidError(fault)
  if (new Set(accounts.map((account) => account.address)).size !== accounts.length) {
    throw new GenesisInvalidError('an account stands there twice')
  }
  const supply = accounts.reduce((sum, account) => sum + account.balance, 0n)
  if ((supply + mintedByCapacityMax(params)) * MOVED_TIMES_MAX > AMOUNT_MAX) {
    throw new GenesisInvalidError('its supply, with all that it may mint, is beyond 128 bits')
  }
}
