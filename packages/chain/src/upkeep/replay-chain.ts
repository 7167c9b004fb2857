/** Executes every block again, from the genesis, and compares each app hash with the one that was stored and signed. */
import { GranaryError } from '@granary/base'
import { decodeHeader } from '@granary/protocol/header'
import type { Hash } from '@granary/protocol/messages'
import { createStateMachine, readGenesis } from '../state/index.ts'
import { dealKeys } from '../store/deal-keys.ts'
import { openStore } from '../store/open-store.ts'
import { applyBlock } from './apply-block.ts'
import { openChain } from './open-chain.ts'

export interface ReplayOptions {
  readonly home: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: { readonly height: number; readonly head: number }) => void) | undefined
}

export interface ReplayedChain {
  readonly height: number
  readonly appHash: Hash
  readonly txs: number
}

const BLOCKS_A_TURN = 100

/** @throws GranaryError HOME_MISSING, HOME_LOCKED, REPLAY_NO_HISTORY, REPLAY_DIFFERS */
export async function replayChain({ home, signal, onProgress }: ReplayOptions): Promise<ReplayedChain> {
  const { store, head } = openChain(home)
  const replayed = openStore({ path: ':memory:', dealKeys })
  try {
    const first = store.block(0)
    if (first === undefined) throw new NoHistoryError(store.firstHeight() ?? head.height)
    const machine = createStateMachine({ reader: replayed.reader })
    const start = machine.initChain(readGenesis(store.reader))
    expectSame(0, start.appHash, first.appHash)
    replayed.commitBlock({ block: first, txs: [], events: start.events, writes: start.writes })
    let txs = 0
    for (let height = 1; height <= head.height; height++) {
      signal?.throwIfAborted()
      const block = store.block(height)
      if (block === undefined) throw new ReplayDiffersError(height, 'the block is missing')
      const bytes = store.txBytesOf(height)
      if (!bytes.every((each) => each !== undefined)) throw new ProofsDroppedError(height)
      const { appHash } = execute(height, () => applyBlock({ machine, store: replayed, block, txs: bytes }))
      expectSame(height, appHash, block.appHash)
      expectSame(height - 1, decodeHeader(block.header).appHash, store.block(height - 1)?.appHash)
      txs += bytes.length
      if (height % BLOCKS_A_TURN !== 0 && height !== head.height) continue
      onProgress?.({ height, head: head.height })
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { height: head.height, appHash: head.appHash, txs }
  } finally {
    replayed.close()
    store.close()
  }
}

function execute<T>(height: number, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw new ReplayDiffersError(height, Error.isError(error) ? error.message : String(error), error)
  }
}

function expectSame(height: number, actual: Hash, stored: Hash | undefined): void {
  if (actual !== stored) throw new ReplayDiffersError(height, `its app hash is ${actual}, ${stored} was stored`)
}

/** REPLAY_DIFFERS: what is stored does not come out of the blocks. */
export class ReplayDiffersError extends GranaryError {
  constructor(height: number, why: string, cause?: unknown) {
    super({
      code: 'REPLAY_DIFFERS',
      message: `block ${height}: ${why}`,
      hint: 'the file was changed, or another version of granary made it: `granary chain verify` says whether it fits itself',
      details: { height, why },
      cause,
    })
  }
}

class ProofsDroppedError extends GranaryError {
  constructor(height: number) {
    super({
      code: 'REPLAY_NO_HISTORY',
      message: `the proofs of block ${height} were dropped`,
      hint: 'only a node that keeps proofs can execute its blocks again; `granary chain verify` checks headers, what they are bound to, and the state',
      details: { height },
    })
  }
}

class NoHistoryError extends GranaryError {
  constructor(first: number) {
    super({
      code: 'REPLAY_NO_HISTORY',
      message: `the first block that is here is block ${first}`,
      hint: 'a chain that was pruned or imported cannot be replayed; `granary chain verify` checks its state',
      details: { first },
    })
  }
}
