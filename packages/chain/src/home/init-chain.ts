/** Makes the folder of a new chain: its genesis, and the keys of its one validator. */
import { randomBytes } from 'node:crypto'
import { access, rm } from 'node:fs/promises'
import { GranaryError } from '@granary/errors'
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { writeNewFile } from '../keystore/write-new-file.ts'
import { addressOf, type Hash } from '../messages/index.ts'
import {
  beaconKeyFrom,
  beaconPublicKey,
  devnetGenesis,
  type Genesis,
  genesisHash,
  genesisToJson,
} from '../state/index.ts'
import { GenesisUnsupportedError } from './genesis-unsupported-error.ts'
import { homeFiles } from './home-files.ts'

export interface InitChainOptions {
  /** The chain's files go into `<home>/chain`. */
  readonly home: string
  /** A devnet has local randomness and a faucet whose keys lie in the folder: for development only. */
  readonly devnet: boolean
  /** @default 500 */
  readonly blockTimeMs?: number
  /** Time of the genesis. @default now */
  readonly timeMs?: number
  /** A drand network instead of a local key. */
  readonly beacon?: Genesis['beacon']
}

export interface InitializedChain {
  readonly genesisHash: Hash
  readonly files: readonly string[]
}

/** @throws GranaryError HOME_EXISTS, GENESIS_UNSUPPORTED */
export async function initChain(options: InitChainOptions): Promise<InitializedChain> {
  const { home, devnet, blockTimeMs, timeMs = Date.now(), beacon } = options
  if (!devnet) throw new GenesisUnsupportedError()
  const files = homeFiles(home)
  if (await exists(files.genesis)) throw new HomeExistsError(home, files.genesis)
  const validatorKey = ed25519.utils.randomSecretKey()
  const beaconKey = beaconKeyFrom(randomBytes(48))
  const faucetKey = secp256k1.utils.randomSecretKey()
  const local = devnetGenesis({
    validator: `0x${bytesToHex(ed25519.getPublicKey(validatorKey))}`,
    beaconPublicKey: beaconPublicKey(beaconKey),
    faucet: addressOf(faucetKey),
    timeMs,
    ...(blockTimeMs === undefined ? {} : { blockTimeMs }),
  })
  const genesis: Genesis = beacon === undefined ? local : { ...local, beacon }
  // The genesis comes last: while it is missing the folder is no chain, and an init that was cut off is recognised.
  const contents: readonly (readonly [path: string, content: string])[] = [
    [files.validatorKey, `${bytesToHex(validatorKey)}\n`],
    ...(beacon === undefined ? [[files.beaconKey, `${bytesToHex(beaconKey)}\n`] as const] : []),
    [files.faucetKey, `${bytesToHex(faucetKey)}\n`],
    [files.genesis, `${JSON.stringify(genesisToJson(genesis), null, 2)}\n`],
  ]
  for (const [path, content] of contents) {
    // A key without a genesis is what an init that was cut off has left: no chain has ever used it.
    if (path !== files.genesis) await rm(path, { force: true })
    if (!(await writeNewFile(path, content))) throw new HomeExistsError(home, path)
  }
  return { genesisHash: genesisHash(genesis), files: contents.map(([path]) => path) }
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
      retryable: false,
      details: { home, file },
    })
  }
}
