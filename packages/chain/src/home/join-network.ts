/**
 * A home becomes one of a network that was collected: the genesis that was agreed upon by its hash, and where the others are. Again
 * with a newer file it learns of new addresses.
 */
import { existsSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { GranaryError, toHex } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import type { Hash } from '@granary/protocol/messages'
import { genesisToJson, genesisHash as hashOfGenesis } from '@granary/protocol/records'
import { ed25519 } from '@noble/curves/ed25519.js'
import { nodeIdOf, type TrustedHeader } from '../engine/comet/comet-home.ts'
import { writeNewFile } from '../keystore/write-new-file.ts'
import { readCollected } from './collect-network.ts'
import { homeFiles } from './home-files.ts'
import { nodeKeys, readJson } from './make-entry.ts'
import { checkEntry } from './network-entry.ts'
import { networkText, readNetwork } from './network-file.ts'
import { KeyInvalidError, readGenesisFile } from './read-home.ts'

export interface JoinOptions {
  readonly home: string
  /** That `collectNetwork` has written. */
  readonly path: string
  /** Files that `makeEntry` has written since: of who is reached elsewhere now, or came later. */
  readonly newer?: readonly string[]
  /** As it was compared with the others. */
  readonly genesisHash: Hash
  /** Where it listens for other nodes. @default the port of its entry, at that address where it is this machine's, else at all */
  readonly listen?: { readonly host: string; readonly port: number } | undefined
  /** It begins with the state of others. @default as its network.json says, else with all blocks */
  readonly stateSync?: TrustedHeader | undefined
}

export interface JoinedNetwork {
  readonly genesisHash: Hash
  /** Of the network, by its name; undefined: it is none of the validators of the genesis. */
  readonly name: string | undefined
  readonly p2p: { readonly host: string; readonly port: number }
  readonly peers: number
}

const PORT_DEFAULT = 26_656
const EVERYWHERE = '0.0.0.0'

/** @throws GranaryError NETWORK_INVALID, GENESIS_INVALID, GENESIS_MISMATCH, KEY_INVALID, HOME_EXISTS */
export async function joinNetwork(options: JoinOptions): Promise<JoinedNetwork> {
  const { home, path, newer = [], genesisHash, listen, stateSync } = options
  const { genesis, entries: collected, genesisHash: found } = await readCollected(path)
  if (found !== genesisHash) throw mismatch(path, genesisHash, found)
  await assertOfChain(home, genesisHash)
  const since = await Promise.all(newer.map(async (each) => checkEntry(await readJson(each), each)))
  const entries = [...new Map([...collected, ...since].map((entry) => [entry.validator, entry])).values()]
  const files = homeFiles(home)
  const { validatorKey, nodeKey } = await nodeKeys(home)
  const [validator, nodeId] = [toHex(ed25519.getPublicKey(validatorKey)), nodeIdOf(nodeKey)]
  const own = entries.find((entry) => entry.validator === validator)
  if (own !== undefined && own.nodeId !== nodeId)
    throw new KeyInvalidError(files.nodeKey, `is not the key that the entry of ${own.name} names`)
  const p2p = listen ?? { host: hostOf(own?.host), port: own?.port ?? PORT_DEFAULT }
  // CometBFT's own RPC is for this node alone; several nodes of one machine have addresses of their own.
  const rpc = { host: isLoopback(p2p.host) ? p2p.host : '127.0.0.1', port: p2p.port + 1 }
  const peers = entries.filter((entry) => entry !== own).map(({ nodeId, host, port }) => ({ nodeId, host, port }))
  // The genesis comes last: while it is missing the folder is no chain.
  const trusted = stateSync && { ...stateSync, rpcServers: [...stateSync.rpcServers] }
  const network = { ...(await readNetwork(home)), engine: 'comet', p2p, rpc, peers } as const
  await writeFileDurably(files.network, networkText({ ...network, ...(trusted && { stateSync: trusted }) }), 0o600)
  await writeNewFile(files.genesis, `${JSON.stringify(genesisToJson(genesis), null, 2)}\n`)
  return { genesisHash, name: own?.name, p2p, peers: peers.length }
}

/** Of no chain yet, or of this one. */
async function assertOfChain(home: string, genesisHash: Hash): Promise<void> {
  const path = homeFiles(home).genesis
  if (!existsSync(path)) return
  const found = hashOfGenesis(await readGenesisFile(home))
  if (found === genesisHash) return
  throw new GranaryError({
    code: 'HOME_EXISTS',
    message: `${path} is of another chain, ${found}`,
    hint: 'choose a folder that is not there yet with --home',
    details: { path, found, genesisHash },
  })
}

/** Behind a router or under a name the machine has another address than others know. */
function hostOf(told: string | undefined): string {
  const own = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address))
  return told !== undefined && (isLoopback(told) || own.includes(told)) ? told : EVERYWHERE
}

function isLoopback(host: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(host)
}

function mismatch(path: string, expected: Hash, found: Hash): GranaryError {
  return new GranaryError({
    code: 'GENESIS_MISMATCH',
    message: `${path} has the genesis ${found}, and ${expected} was to be joined`,
    hint: 'compare the hash with the other operators, by another way than the one by which the file came',
    details: { path, expected, found },
  })
}
