/** Reads what init-chain wrote, and refuses what does not belong together. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { GranaryError, toHex } from '@granary/base'
import { addressOf } from '@granary/protocol/messages'
import type { Genesis } from '@granary/protocol/records'
import { ed25519 } from '@noble/curves/ed25519.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import { quicknet } from '../engine/quicknet.ts'
import { beaconPublicKey, genesisFromJson } from '../state/index.ts'
import { homeFiles } from './home-files.ts'
import { type Network, readNetwork } from './network-file.ts'

export interface ChainHome {
  readonly genesis: Genesis
  readonly validatorKey: Uint8Array
  /** Its place among the genesis' validators; behind them for a node on CometBFT that is none of them. */
  readonly validator: number
  /** The local key of a devnet's beacon; a chain whose beacon is a drand network has none. */
  readonly beaconKey: Uint8Array | undefined
  /** A devnet's. */
  readonly faucetKey: Uint8Array | undefined
  /** Of a validator on CometBFT, and the key by which its peers know it. */
  readonly comet: { readonly network: Network; readonly nodeKey: Uint8Array } | undefined
}

/**
 * @param hasRelays there are addresses of the drand network that the genesis names, if it names one
 * @throws GranaryError HOME_MISSING, KEY_INVALID, GENESIS_INVALID, NETWORK_INVALID
 */
export async function readHome(home: string, hasRelays = false): Promise<ChainHome> {
  const files = homeFiles(home)
  const genesis = await readGenesisFile(home)
  const validatorKey = await readKey(files.validatorKey)
  const isOfNetwork = hasRelays || genesis.beacon.publicKey === quicknet.publicKey
  const beaconKey = isOfNetwork ? undefined : await readKey(files.beaconKey)
  const network = await readNetwork(home)
  // A node that has joined a devnet serves no faucet unless it was given the key.
  const hasFaucet = genesis.devnet && (network === undefined || existsSync(files.faucetKey))
  const faucetKey = hasFaucet ? await readKey(files.faucetKey) : undefined
  const belongs = (path: string, does: boolean) => {
    if (!does) throw new KeyInvalidError(path, 'is not the key that genesis.json names')
  }
  const at = genesis.validators.indexOf(toHex(ed25519.getPublicKey(validatorKey)))
  belongs(files.validatorKey, at !== -1 || network !== undefined)
  const validator = at === -1 ? genesis.validators.length : at
  belongs(files.beaconKey, beaconKey === undefined || beaconPublicKey(beaconKey) === genesis.beacon.publicKey)
  belongs(
    files.faucetKey,
    faucetKey === undefined || genesis.accounts.some(({ address }) => address === addressOf(faucetKey)),
  )
  const comet = network && { network, nodeKey: await readKey(files.nodeKey) }
  return { genesis, validatorKey, validator, beaconKey, faucetKey, comet }
}

/** @throws GranaryError HOME_MISSING, GENESIS_INVALID */
export async function readGenesisFile(home: string): Promise<Genesis> {
  return readGenesisAt(homeFiles(home).genesis, home)
}

/** @param home what to name when there is none */
export async function readGenesisAt(path: string, home: string): Promise<Genesis> {
  const text = await read(path)
  if (text === undefined) throw new HomeMissingError(home, path)
  try {
    return genesisFromJson(jsonOf(text, path))
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'MESSAGE_INVALID') throw error
    throw new GranaryError({
      code: 'GENESIS_INVALID',
      message: `${path} is no genesis that this release knows: ${error.message}`,
      hint: 'restore the genesis file of this chain; if an earlier release wrote it, run that release, or make a new chain in another folder with `granary chain init --home`',
      details: { path },
      cause: error,
    })
  }
}

/** @throws GranaryError KEY_INVALID */
export async function readKey(path: string): Promise<Uint8Array> {
  const text = await read(path)
  if (text === undefined) throw new KeyInvalidError(path, 'is missing')
  if (!/^[0-9a-f]{64}\n?$/.test(text)) throw new KeyInvalidError(path, 'is not a key of 64 hex digits')
  return hexToBytes(text.trim())
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (Error.isError(error) && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new GranaryError({
      code: 'GENESIS_INVALID',
      message: `${path} is not JSON`,
      hint: 'restore the genesis file of this chain',
      details: { path },
      cause: error,
    })
  }
}

class HomeMissingError extends GranaryError {
  constructor(home: string, genesis: string) {
    super({
      code: 'HOME_MISSING',
      message: `there is no chain in ${home}: ${genesis} is missing`,
      hint: `make one with \`granary chain init --devnet --home ${home}\``,
      details: { home },
    })
  }
}

export class KeyInvalidError extends GranaryError {
  constructor(path: string, problem: string) {
    super({
      code: 'KEY_INVALID',
      message: `${path} ${problem}`,
      hint: 'restore the file that `granary chain init` wrote; a chain cannot go on without its keys',
      details: { path },
    })
  }
}
