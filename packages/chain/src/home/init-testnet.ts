/** Makes the homes of validators on one machine, for development: one genesis, a key each, and who is reached where. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { GranaryError, toHex } from '@granary/base'
import { addressOf, type Hash } from '@granary/protocol/messages'
import { type Genesis, genesisHash, genesisToJson } from '@granary/protocol/records'
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { nodeIdOf } from '../engine/comet/comet-home.ts'
import { writeNewFile } from '../keystore/write-new-file.ts'
import { beaconKeyFrom, beaconPublicKey, devnetGenesis } from '../state/index.ts'
import { homeFiles } from './home-files.ts'
import { networkText } from './network-file.ts'

export interface TestnetOptions {
  /** The homes are `<home>/node1` and so on. */
  readonly home: string
  readonly validators: number
  /** Of the first one's CometBFT; each has two, one after the other. */
  readonly firstPort: number
  /** @default 500 */
  readonly blockTimeMs?: number | undefined
  /** Time of the genesis. @default now */
  readonly timeMs?: number
}

export interface InitializedTestnet {
  readonly genesisHash: Hash
  readonly homes: readonly string[]
}

const HOST = '127.0.0.1'

/** @throws GranaryError HOME_EXISTS, GENESIS_INVALID */
export async function initTestnet(options: TestnetOptions): Promise<InitializedTestnet> {
  const { validators: count, firstPort, blockTimeMs, timeMs = Date.now() } = options
  const homes = Array.from({ length: count }, (_, index) => resolve(options.home, `node${index + 1}`))
  const taken = homes.find((home) => existsSync(homeFiles(home).genesis))
  if (taken !== undefined) throw new TestnetExistsError(taken)

  const nodes = homes.map((home, index) => ({
    files: homeFiles(home),
    validatorKey: ed25519.utils.randomSecretKey(),
    nodeKey: ed25519.utils.randomSecretKey(),
    p2p: { host: HOST, port: firstPort + 2 * index },
    rpc: { host: HOST, port: firstPort + 2 * index + 1 },
  }))
  const beaconKey = beaconKeyFrom(randomBytes(48))
  const faucetKey = secp256k1.utils.randomSecretKey()
  const [validator, ...otherValidators] = nodes.map(({ validatorKey }) => toHex(ed25519.getPublicKey(validatorKey)))
  const base = { beaconPublicKey: beaconPublicKey(beaconKey), faucet: addressOf(faucetKey), timeMs }
  const time = blockTimeMs === undefined ? {} : { blockTimeMs }
  const genesis: Genesis = devnetGenesis({ ...base, ...time, validator: validator!, otherValidators })

  for (const node of nodes) {
    const { files, validatorKey, nodeKey, p2p, rpc } = node
    const peers = nodes
      .filter((other) => other !== node)
      .map((other) => ({ nodeId: nodeIdOf(other.nodeKey), ...other.p2p }))
    // The genesis comes last: while it is missing the folder is no chain.
    const contents: readonly (readonly [string, string])[] = [
      ...[validatorKey, nodeKey, beaconKey, faucetKey].map(
        (key, at) =>
          [[files.validatorKey, files.nodeKey, files.beaconKey, files.faucetKey][at]!, `${bytesToHex(key)}\n`] as const,
      ),
      [files.network, networkText({ engine: 'comet', p2p, rpc, peers })],
      [files.genesis, `${JSON.stringify(genesisToJson(genesis), null, 2)}\n`],
    ]
    for (const [path, content] of contents) if (!(await writeNewFile(path, content))) throw new TestnetExistsError(path)
  }
  return { genesisHash: genesisHash(genesis), homes }
}

class TestnetExistsError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_EXISTS',
      message: `${path} exists already`,
      hint: 'start its nodes with `granary chain run --home`, or choose a folder that is not there yet',
      details: { path },
    })
  }
}
