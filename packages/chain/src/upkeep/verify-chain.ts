/**
 * Checks all that a node's file says against itself: SQLite's own structures, every header and its signature, the
 * transactions of every block, the tree made anew from all records, the states that are kept, and every account's money.
 */
import { existsSync } from 'node:fs'
import { GranaryError } from '@granary/base'
import { decodeHeader, type Header, hashTxDigests, isDerived } from '@granary/protocol/header'
import type { Hash } from '@granary/protocol/messages'
import type { Totals } from '@granary/protocol/records'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { headerVerifierOf } from '../engine/commit/header-verifier-of.ts'
import { homeFiles } from '../home/home-files.ts'
import { appHashOfState, deriveState, readGenesis, readHead, recount } from '../state/index.ts'
import type { Store } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'
import { openChain } from './open-chain.ts'

export interface VerifyOptions {
  readonly home: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: { readonly height: number; readonly head: number }) => void) | undefined
}

export interface VerifiedChain {
  readonly height: number
  readonly appHash: Hash
  /** Blocks that are here, from the first that was not pruned. */
  readonly blocks: number
  /** Of these: CometBFT has their headers and the votes for them, which were not looked at. */
  readonly voted: number
  readonly records: number
  /** States that can still be read and proven, the head's among them. */
  readonly states: number
  readonly money: Totals
}

const BLOCKS_A_TURN = 100

/** @throws GranaryError CHAIN_INVALID naming what does not fit, HOME_MISSING, HOME_LOCKED */
export async function verifyChain({ home, signal, onProgress }: VerifyOptions): Promise<VerifiedChain> {
  const { store, head } = openChain(home)
  try {
    const faults = store.faults()
    if (faults.length > 0) throw new ChainInvalidError(store.path, `SQLite: ${faults.slice(0, 3).join('; ')}`)
    const genesis = readGenesis(store.reader)
    const first = store.firstHeight() ?? head.height
    const headers = headersOf(genesis, existsSync(homeFiles(home).network))
    for (let height = first; height <= head.height; height++) {
      signal?.throwIfAborted()
      const problem = problemOfBlock(store, genesis, height, headers)
      if (problem !== undefined) throw new ChainInvalidError(store.path, `block ${height}: ${problem}`)
      if (height % BLOCKS_A_TURN !== 0 && height !== head.height) continue
      onProgress?.({ height, head: head.height })
      await new Promise((resolve) => setImmediate(resolve))
    }
    const records = verifyState(store, head)
    return {
      height: head.height,
      appHash: head.appHash,
      blocks: head.height - first + 1,
      voted: headers.voted,
      records,
      states: verifyKeptStates(store, head),
      money: recounted(store),
    }
  } finally {
    store.close()
  }
}

interface Headers {
  /** So many came without a signature, where a chain may go on so. */
  readonly voted: number
  verify(block: BlockRecord): (Header & { readonly hash: Hash }) | undefined
}

/** Of one validator each is signed, until the home goes on with CometBFT; then none is again. */
function headersOf(genesis: Genesis, isOnComet: boolean): Headers {
  const sole = genesis.validators.length === 1 ? headerVerifierOf(genesis) : undefined
  let voted = 0
  return {
    get voted() {
      return voted
    },
    verify({ header, hash, signature }) {
      if (signature.length > 0 || !isOnComet) {
        return voted === 0 ? sole?.verify({ bytes: header, signature }) : undefined
      }
      voted += 1
      return { ...decodeHeader(header), hash }
    },
  }
}

function problemOfBlock(store: Store, genesis: Genesis, height: number, headers: Headers): string | undefined {
  const block = store.block(height)
  if (block === undefined) return 'it is missing'
  const header = headers.verify(block)
  if (header?.hash !== block.hash) return 'its header is not signed by the validator'
  if (header.height !== height || header.timeMs !== block.timeMs) return 'its header is that of another block'
  const previous = store.block(height - 1)
  const digests = store.txDigestsOf(height)
  // The block of a snapshot's state comes with its header alone.
  const imported = height > 0 && previous === undefined && digests.length === 0
  if (!imported && header.txsHash !== hashTxDigests(digests)) return 'its transactions have been changed'
  if (height === 0) return header.previousHash === genesisHash(genesis) ? undefined : 'it has another genesis'
  if (previous === undefined) return undefined
  if (header.previousHash !== previous.hash) return 'its header follows another block'
  if (header.appHash !== previous.appHash) return 'its header names another state before it'
  if (header.timeMs <= previous.timeMs) return 'it is not later than the block before it'
  return undefined
}

/** @returns how many records there are */
function verifyState(store: Store, head: BlockRecord): number {
  const all = [...store.reader.range('')]
  const records = all.filter(([key]) => !isDerived(key))
  const { appHash, state } = deriveState(records)
  if (appHash !== head.appHash) throw new ChainInvalidError(store.path, `the records have the app hash ${appHash}`)
  const stored = readHead(store.reader)
  if (stored.height !== head.height || stored.appHash !== head.appHash) {
    throw new ChainInvalidError(store.path, 'the state is that of another block')
  }
  const odd = all.find(([key, value]) => Buffer.compare(state.get(key) ?? NOTHING, value) !== 0)
  if (odd !== undefined || state.size !== all.length) {
    throw new ChainInvalidError(
      store.path,
      `the tree does not follow from the records: ${odd?.[0] ?? 'a page is missing'}`,
    )
  }
  return records.length
}

const NOTHING = new Uint8Array(0)

function verifyKeptStates(store: Store, head: BlockRecord): number {
  let states = 0
  for (let height = head.height; height >= 0; height--) {
    const state = store.readerAt(height)
    const block = store.block(height)
    if (state === undefined || block === undefined) break
    if (appHashOfState(state) !== block.appHash) {
      throw new ChainInvalidError(store.path, `the state kept of block ${height} is another`)
    }
    states++
  }
  return states
}

function recounted(store: Store): Totals {
  try {
    return recount(store.reader)
  } catch (error) {
    throw new ChainInvalidError(store.path, Error.isError(error) ? error.message : String(error), error)
  }
}

/** CHAIN_INVALID */
export class ChainInvalidError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'CHAIN_INVALID',
      message: `${path}: ${why}`,
      hint: 'do not run a node on it: import a snapshot into an empty folder, or restore a backup',
      details: { path, why },
      cause,
    })
  }
}
