/**
 * The home of a chain's only validator goes on with CometBFT: the next block is the first that is voted for, by this validator alone
 * at first, and others join it. State, height and name of the chain stay, and so does the key that headers follow from.
 */
import { existsSync } from 'node:fs'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import type { Hash } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { nodeIdOf } from '../engine/comet/comet-home.ts'
import { headerVerifierOf } from '../engine/commit/header-verifier-of.ts'
import { verifyHead } from '../engine/commit/verify-head.ts'
import { homeFiles } from '../home/home-files.ts'
import { nodeKeys } from '../home/make-entry.ts'
import { networkText } from '../home/network-file.ts'
import { readHome } from '../home/read-home.ts'
import { openChain } from './open-chain.ts'

export interface GrowOptions {
  readonly home: string
  /** Where other nodes reach it. */
  readonly p2p: { readonly host: string; readonly port: number }
}

export interface GrownChain {
  readonly genesisHash: Hash
  /** The last block that one validator has signed alone. */
  readonly height: number
  readonly appHash: Hash
  /** By which its peers name it. */
  readonly nodeId: string
  readonly p2p: { readonly host: string; readonly port: number }
}

/** @throws GranaryError HOME_MISSING, HOME_LOCKED, HOME_EXISTS, GENESIS_INVALID, KEY_INVALID, STORE_CORRUPT */
export async function growChain({ home, p2p }: GrowOptions): Promise<GrownChain> {
  const files = homeFiles(home)
  if (existsSync(files.network)) throw new GrownAlreadyError(files.network)
  const { genesis } = await readHome(home, true)
  const headers = headerVerifierOf(genesis)
  const { store, head } = openChain(home)
  try {
    verifyHead(store, genesis, head, headers)
  } finally {
    store.close()
  }
  const { nodeKey } = await nodeKeys(home)
  const rpc = { host: '127.0.0.1', port: p2p.port + 1 }
  // From now on the home runs on CometBFT.
  await writeFileDurably(files.network, networkText({ engine: 'comet', p2p, rpc, peers: [] }), 0o600)
  const { height, appHash } = head
  return { genesisHash: genesisHash(genesis), height, appHash, nodeId: nodeIdOf(nodeKey), p2p }
}

class GrownAlreadyError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_EXISTS',
      message: `${path} exists already: this home runs on CometBFT`,
      hint: 'start it with `granary chain run --home`',
      details: { path },
    })
  }
}
