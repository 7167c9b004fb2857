/** What a chain may begin with, and what devnets and networks do begin with. */
import { GranaryError, type Hex } from '@granary/base'
import { profiles } from '@granary/proofs/profile'
import { type Address, AMOUNT_MAX } from '@granary/protocol/messages'
import {
  type ChainProfile,
  type Genesis,
  type GenesisAccount,
  type GenesisBeacon,
  genesisStruct,
  knownProfile,
} from '@granary/protocol/records'
import { faultOfParams, faultOfTimes } from '../governance/param-bounds.ts'
import { mintedByCapacityMax } from '../money/rewards.ts'
import { genesisBonds } from '../validators/genesis-validators.ts'
import { devnetParams, productionParams } from './params.ts'

export interface DevnetOptions {
  readonly validator: Hex
  /** Beside it. @default none */
  readonly otherValidators?: readonly Hex[]
  readonly beaconPublicKey: Hex
  /** Has all the money at first, and owns the bonds of the validators. */
  readonly faucet: Address
  readonly timeMs: number
  /** @default 500 */
  readonly blockTimeMs?: number
}

export interface ProductionOptions {
  readonly chainId: string
  readonly validator: Hex
  readonly beacon: GenesisBeacon
  /** Who has the money at first; the first of them owns the bond of the validator. */
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
    })
  }
}

/** GENESIS_PROFILE_UNKNOWN */
export class GenesisProfileUnknownError extends GranaryError {
  constructor({ name, nodes, layers, challenges, porepId }: ChainProfile) {
    const known = Object.keys(profiles)
    super({
      code: 'GENESIS_PROFILE_UNKNOWN',
      message: `the genesis takes sectors of the profile ${name} (${nodes} nodes, ${layers} layers, ${challenges} challenges, porep id ${porepId}), which this release does not know`,
      hint: `run a release of granary that knows this profile; this one knows ${known.join(', ')}, each with one set of parameters`,
      details: { profile: name, known },
    })
  }
}

/** Names are printed, and a stranger's genesis must not steer the terminal of who reads of it. */
const PROFILE_NAME = /^[\w.-]{1,32}$/
const BEACON_PERIOD_MS = 3_000
/** Minted for services is at most nine tenths of what is burnt: so what is ever minted, or burnt, is at most ten times the rest. */
const MOVED_TIMES_MAX = 10n
const DEVNET_SUPPLY = 10n ** 27n

/** @throws MessageInvalidError naming the field, GenesisInvalidError */
export function genesisFromJson(json: unknown): Genesis {
  const genesis = genesisStruct.fromJson(json, 'genesis')
  assertGenesis(genesis)
  return genesis
}

export function devnetGenesis(options: DevnetOptions): Genesis {
  const { validator, otherValidators = [], beaconPublicKey, faucet, timeMs, blockTimeMs = 500 } = options
  const validators = [validator, ...otherValidators]
  return {
    chainId: 'granary-devnet',
    timeMs,
    blockTimeMs,
    devnet: true,
    accounts: [{ address: faucet, balance: DEVNET_SUPPLY }],
    beacon: { publicKey: beaconPublicKey, genesisTimeMs: timeMs, periodMs: BEACON_PERIOD_MS },
    params: devnetParams(blockTimeMs),
    validators,
    owners: validators.map(() => faucet),
  }
}

/** @throws GenesisInvalidError */
export function productionGenesis({ blockTimeMs = 5_000, validator, ...given }: ProductionOptions): Genesis {
  const params = productionParams(blockTimeMs)
  const [owner] = given.accounts
  if (owner === undefined) throw new GenesisInvalidError('nobody has any money')
  const validators = { validators: [validator], owners: [owner.address] }
  const genesis: Genesis = { ...given, blockTimeMs, devnet: false, params, ...validators }
  assertGenesis(genesis)
  if (genesis.accounts.every(({ balance }) => balance === 0n)) throw new GenesisInvalidError('nobody has any money')
  return genesis
}

/**
 * What must hold between fields; each field by itself has been checked by its declaration.
 * @throws GenesisInvalidError, GenesisProfileUnknownError
 */
export function assertGenesis(genesis: Genesis): void {
  const { params, beacon, accounts, validators, owners } = genesis
  const misnamed = params.profiles.findIndex(({ name }) => !PROFILE_NAME.test(name))
  if (misnamed !== -1) {
    throw new GenesisInvalidError(`the name of profile ${misnamed + 1} is not 1 to 32 of letters, digits, -, _ and .`)
  }
  const unknown = params.profiles.find((each) => knownProfile(each) === undefined)
  if (unknown !== undefined) throw new GenesisProfileUnknownError(unknown)
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
  if (new Set(validators).size !== validators.length) throw new GenesisInvalidError('a validator stands there twice')
  if (validators.length > params.validatorsMax)
    throw new GenesisInvalidError(`there are ${validators.length} validators, and places for ${params.validatorsMax}`)
  if (owners.length !== validators.length)
    throw new GenesisInvalidError(`${validators.length} validators have ${owners.length} owners`)
  const supply = accounts.reduce((sum, account) => sum + account.balance, genesisBonds(genesis))
  if ((supply + mintedByCapacityMax(params)) * MOVED_TIMES_MAX > AMOUNT_MAX) {
    throw new GenesisInvalidError('its supply, with all that it may mint, is beyond 128 bits')
  }
}
