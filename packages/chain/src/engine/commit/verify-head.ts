/** What a start makes sure of before it builds on the last block: same chain, signed header, state of that app hash. */

import { decodeHeader, type EmbeddedHeaderVerifier, hashTxDigests, isInTree } from '@granary/protocol/header'
import type { Hash } from '@granary/protocol/messages'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { appHashOfState, isStateInTree, readGenesis, readHead } from '../../state/index.ts'
import { StoreCorruptError } from '../../store/errors.ts'
import type { Store } from '../../store/open-store.ts'
import type { BlockRecord } from '../../store/records.ts'

export const ZERO_HASH: Hash = `0x${'00'.repeat(32)}`

/**
 * @param headers: undefined where the votes for a header are kept elsewhere
 * @throws StoreCorruptError naming what does not fit
 */
export function verifyHead(
  store: Store,
  genesis: Genesis,
  head: BlockRecord,
  headers: EmbeddedHeaderVerifier | undefined,
): void {
  const problem = problemOf(store, genesis, head, headers)
  if (problem !== undefined) throw new StoreCorruptError(store.path, `block ${head.height}: ${problem}`)
}

function problemOf(
  store: Store,
  genesis: Genesis,
  head: BlockRecord,
  headers: EmbeddedHeaderVerifier | undefined,
): string | undefined {
  const chain = genesisHash(genesis)
  // Block 0 may be gone, pruned or never there after an import; its genesis stays in the state.
  if (genesisHash(readGenesis(store.reader)) !== chain) return 'these blocks belong to another genesis.json'

  const header = decodeHeader(head.header)
  if (header.height !== head.height || header.timeMs !== head.timeMs) return 'its header is that of another block'
  const signed = { bytes: head.header, signature: head.signature }
  if (headers !== undefined && headers.verify(signed)?.hash !== head.hash)
    return 'its header is not signed by the validator'
  if (header.txsHash !== hashTxDigests(store.txDigestsOf(head.height))) return 'its transactions have been changed'

  const previous = store.block(head.height - 1)
  // Behind a state that was taken over from others no block has come yet.
  const isTakenOver = headers === undefined && store.firstHeight() === head.height
  if (head.height > 0 && !isTakenOver) {
    if (previous === undefined) return 'the block before it is missing'
    if (header.appHash !== previous.appHash) return 'its header names another state before it'
  }
  const state = readHead(store.reader)
  if (state.height !== head.height || state.appHash !== head.appHash) return 'the state is that of another block'
  if (appHashOfState(store.reader) !== head.appHash) return 'the state does not have its app hash'
  // All of the state takes `granary chain verify`; what the last block wrote is what a crash could have torn.
  const torn = store.lastWritten().find((key) => isInTree(key) && !isStateInTree(store.reader, key))
  return torn === undefined ? undefined : `the state's tree has another value of ${torn}`
}
