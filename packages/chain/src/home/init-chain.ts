/** Makes the folder of a new chain: its genesis, and the keys of its one validator. */
import { randomBytes } from 'node:crypto'
import { access, rm } from 'node:fs/promises'
import { GranaryError, type Hex, toHex } from '@granary/base'
import { addressOf, type Hash } from '@granary/protocol/messages'
import { type Genesis, type GenesisAccount, genesisHash, genesisToJson } from '@granary/protocol/records'
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { quicknet } from '../engine/quicknet.ts'
import { writeNewFile } from '../keystore/write-new-file.ts'
import { beaconKeyFrom, beaconPublicKey, devnetGenesis, productionGenesis } from '../state/index.ts'
import { homeFiles } from './home-files.ts'

interface CommonOptions {
  /** The chain's files go into `<home>/chain`. */
  readonly home: string
  /** Time of the genesis. @default now */
  readonly timeMs?: number
  /** A drand network. @default a local key on a devnet, quicknet elsewhere */
  readonly beacon?: Genesis['beacon']
}

/** Local randomness and a faucet, whose keys lie in the folder: for development only. */
export interface InitDevnetOptions extends CommonOptions {
  readonly devnet: true
  /** @default 500 */
  readonly blockTimeMs?: number
}

export interface InitProductionOptions extends CommonOptions {
  readonly devnet: false
  readonly chainId: string
  /** Who has the money at first; all of the supply. */
  readonly accounts: readonly GenesisAccount[]
  /** @default 5000 */
  readonly blockTimeMs?: number
}

export type InitChainOptions = InitDevnetOptions | InitProductionOptions

export interface InitializedChain {
  readonly genesisHash: Hash
  readonly files: readonly string[]
}

/** @throws GranaryError HOME_EXISTS, GENESIS_INVALID */
export async function initChain(options: InitChainOptions): Promise<InitializedChain> {
  const { home } = options
  const files = homeFiles(home)
  if (await exists(files.genesis)) throw new HomeExistsError(home, files.genesis)
  const validatorKey = ed25519.utils.randomSecretKey()
  const validator: Hex = toHex(ed25519.getPublicKey(validatorKey))
  const { genesis, keys } = options.devnet ? devnet(options, validator) : production(options, validator)
  // The genesis comes last: while it is missing the folder is no chain, and an init that was cut off is recognised.
  const contents: readonly (readonly [path: string, content: string])[] = [
    [files.validatorKey, `${bytesToHex(validatorKey)}\n`],
    ...keys.map(([name, key]) => [files[name], `${bytesToHex(key)}\n`] as const),
    [files.genesis, `${JSON.stringify(genesisToJson(genesis), null, 2)}\n`],
  ]
  for (const [path, content] of contents) {
    // A key without a genesis is what an init that was cut off has left: no chain has ever used it.
    if (path !== files.genesis) await rm(path, { force: true })
    if (!(await writeNewFile(path, content))) throw new HomeExistsError(home, path)
  }
  return { genesisHash: genesisHash(genesis), files: contents.map(([path]) => path) }
}

interface Start {
  readonly genesis: Genesis
  /** Beside the validator's. */
  readonly keys: readonly (readonly [name: 'beaconKey' | 'faucetKey', key: Uint8Array])[]
}

function devnet({ timeMs = Date.now(), blockTimeMs, beacon }: InitDevnetOptions, validator: Hex): Start {
  const beaconKey = beaconKeyFrom(randomBytes(48))
  const faucetKey = secp256k1.utils.randomSecretKey()
  const local = devnetGenesis({
    validator,
    beaconPublicKey: beaconPublicKey(beaconKey),
    faucet: addressOf(faucetKey),
    timeMs,
    ...(blockTimeMs === undefined ? {} : { blockTimeMs }),
  })
  if (beacon !== undefined) return { genesis: { ...local, beacon }, keys: [['faucetKey', faucetKey]] }
  return {
    genesis: local,
    keys: [
      ['beaconKey', beaconKey],
      ['faucetKey', faucetKey],
    ],
  }
}

function production(options: InitProductionOptions, validator: Hex): Start {
  const { chainId, accounts, timeMs = Date.now(), blockTimeMs, beacon = quicknet } = options
  const given = { chainId, validator, beacon, accounts, timeMs }
  return { genesis: productionGenesis({ ...given, ...(blockTimeMs === undefined ? {} : { blockTimeMs }) }), keys: [] }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

class HomeExistsError extends GranaryError {
  constructor(home: string, file: string) {
    super({
      code: 'HOME_EXISTS',
      message: `${file} exists already`,
      hint: `run it with \`granary chain run --home ${home}\`, or choose a folder that is not there yet`,
      details: { home, file },
    })
  }
}
