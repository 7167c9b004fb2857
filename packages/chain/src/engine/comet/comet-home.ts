/**
 * The files of CometBFT's own home, which follow from those of the chain's: its genesis from genesis.json, its validator key from
 * validator.key. What it began with and where its last vote was are written once and never over: another genesis is another chain,
 * and a vote that is given twice is punished. https://docs.cometbft.com/v0.38/core/configuration
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, type Hex } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import { cometChainId, GENESIS_POWER } from '@granary/protocol/comet'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { evidenceBlocks } from '../../state/index.ts'

/** Where a node of the network is reached by the others. */
export interface PeerAddress {
  /** Of its node key. */
  readonly nodeId: string
  readonly host: string
  readonly port: number
}

export interface CometHome {
  readonly folder: string
  readonly genesis: Genesis
  /** The block that CometBFT begins behind: its state's, as the store has it. */
  readonly head: { readonly height: number; readonly timeMs: number; readonly appHash: Hex }
  /** ed25519 seeds, 32 bytes. */
  readonly validatorKey: Uint8Array
  readonly nodeKey: Uint8Array
  readonly rpc: { readonly host: string; readonly port: number }
  readonly p2p: { readonly host: string; readonly port: number }
  readonly peers: readonly PeerAddress[]
  /** Of the application, as `listenAbci` gives it. */
  readonly application: string
  /** It begins with the state of others, by headers that follow from this one. @default with the first block */
  readonly stateSync?: TrustedHeader | undefined
}

export interface TrustedHeader {
  /** CometBFT's own RPC of nodes that are asked for headers. */
  readonly rpcServers: readonly string[]
  readonly trustHeight: number
  /** Hex digits. */
  readonly trustHash: string
}

/** A block of the chain, the entries of its beacon, and what CometBFT puts around it. */
const BLOCK_OVERHEAD_BYTES = 1 << 20
const TX_BYTES_MAX = 4 << 20
const POOL_BYTES_MAX = 128 << 20
const RPC_BODY_BYTES_MAX = 8 << 20
const PEER_BYTES_A_SECOND = 100 << 20
/** Of this machine or of a network of its own. */
const PRIVATE_HOST = /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[(::1|f[cd]|fe80)|localhost$)/
/** As light clients have it. */
const TRUST_HOURS = 32
const HOUR_MS = 3_600_000
const NS_A_MS = 10 ** 6

/** A double vote can be proven, and a light client come to the head, for as long as CometBFT has the blocks. */
export function blocksKept({ params, blockTimeMs }: Pick<Genesis, 'params' | 'blockTimeMs'>): number {
  return Math.max(evidenceBlocks(params), Math.ceil((1.5 * TRUST_HOURS * HOUR_MS) / blockTimeMs))
}

export async function writeCometHome(home: CometHome): Promise<void> {
  const { folder } = home
  const [config, data] = [join(folder, 'config'), join(folder, 'data')]
  for (const path of [config, data]) await mkdir(path, { recursive: true, mode: 0o700 })
  const files: readonly (readonly [string, string])[] = [
    ['config.toml', configOf(home)],
    ['priv_validator_key.json', json(keyOf(home.validatorKey))],
    ['node_key.json', json({ priv_key: privateKey(home.nodeKey) })],
  ]
  for (const [name, content] of files) await writeFileDurably(join(config, name), content, 0o600)
  const first: readonly (readonly [string, object])[] = [
    [join(config, 'genesis.json'), genesisOf(home)],
    [join(data, 'priv_validator_state.json'), { height: '0', round: 0, step: 0 }],
  ]
  for (const [path, content] of first) if (!existsSync(path)) await writeFileDurably(path, json(content), 0o600)
}

/** By which others name a node. @param nodeKey: ed25519 seed */
export function nodeIdOf(nodeKey: Uint8Array): string {
  return addressOf(ed25519.getPublicKey(nodeKey))
}

function genesisOf({ genesis, head }: CometHome): object {
  // Both have to pass before evidence of a double vote is too old: by then all that left since is still on its way.
  const blocks = evidenceBlocks(genesis.params)
  const evidence = {
    max_age_num_blocks: String(blocks),
    max_age_duration: String(BigInt(blocks) * BigInt(genesis.blockTimeMs * NS_A_MS)),
    max_bytes: '1048576',
  }
  return {
    // The first block has this time, and a block is later than the one before.
    genesis_time: new Date(head.timeMs + 1).toISOString(),
    chain_id: cometChainId(genesisHash(genesis)),
    initial_height: String(head.height + 1),
    consensus_params: {
      block: { max_bytes: String(genesis.params.blockBytes + BLOCK_OVERHEAD_BYTES), max_gas: '-1' },
      evidence,
      validator: { pub_key_types: ['ed25519'] },
      version: { app: '1' },
      abci: { vote_extensions_enable_height: '0' },
    },
    validators: genesis.validators.map((key) => ({
      address: addressOf(fromHex(key)).toUpperCase(),
      pub_key: { type: 'tendermint/PubKeyEd25519', value: base64(fromHex(key)) },
      power: String(GENESIS_POWER),
      name: '',
    })),
    app_hash: head.appHash.slice(2).toUpperCase(),
    app_state: genesisHash(genesis),
  }
}

/** What is not named here is as CometBFT has it. */
function configOf({ genesis, application, rpc, p2p, peers, stateSync }: CometHome): string {
  const others = peers.map(({ nodeId, host, port }) => `${nodeId}@${host}:${port}`).join(',')
  // A block takes what it waits for votes and for the next one; three quarters of it are the wait that can be set.
  const commitMs = Math.max(50, Math.floor(genesis.blockTimeMs * 0.75))
  // Its address book takes no address that the internet has not, and one node of an address alone.
  const isPrivate = [p2p, ...peers].some(({ host }) => PRIVATE_HOST.test(host))
  return `proxy_app = "${application}"
moniker = "granary"
log_level = "info"
log_format = "json"

[rpc]
laddr = "tcp://${rpc.host}:${rpc.port}"
max_body_bytes = ${RPC_BODY_BYTES_MAX}

[p2p]
laddr = "tcp://${p2p.host}:${p2p.port}"
persistent_peers = "${others}"
addr_book_strict = ${!isPrivate}
allow_duplicate_ip = ${isPrivate}
pex = false
send_rate = ${PEER_BYTES_A_SECOND}
recv_rate = ${PEER_BYTES_A_SECOND}

[mempool]
type = "flood"
recheck = true
max_tx_bytes = ${TX_BYTES_MAX}
max_txs_bytes = ${POOL_BYTES_MAX}

[consensus]
timeout_propose = "1s"
timeout_prevote = "500ms"
timeout_precommit = "500ms"
timeout_commit = "${commitMs}ms"
peer_gossip_sleep_duration = "10ms"
peer_query_maj23_sleep_duration = "500ms"
${stateSync === undefined ? '' : stateSyncOf(stateSync)}
[tx_index]
indexer = "null"
`
}

/** Of a node that has blocks it is passed over. */
function stateSyncOf({ rpcServers, trustHeight, trustHash }: TrustedHeader): string {
  // It takes no fewer than two; one that is asked twice shows no more than one.
  const asked = rpcServers.length === 1 ? [rpcServers[0], rpcServers[0]] : rpcServers
  return `
[statesync]
enable = true
rpc_servers = "${asked.join(',')}"
trust_height = ${trustHeight}
trust_hash = "${trustHash}"
trust_period = "${TRUST_HOURS}h0m0s"
discovery_time = "5s"
`
}

function keyOf(seed: Uint8Array): object {
  const key = ed25519.getPublicKey(seed)
  return {
    address: addressOf(key).toUpperCase(),
    pub_key: { type: 'tendermint/PubKeyEd25519', value: base64(key) },
    priv_key: privateKey(seed),
  }
}

/** As Go has it: the seed, and the public key behind it. */
function privateKey(seed: Uint8Array): object {
  return { type: 'tendermint/PrivKeyEd25519', value: base64(Buffer.concat([seed, ed25519.getPublicKey(seed)])) }
}

function addressOf(publicKey: Uint8Array): string {
  return bytesToHex(sha256(publicKey).subarray(0, 20))
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
