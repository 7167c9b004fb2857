/**
 * Takes a state over, head first, then chunk by chunk, believing nothing but its app hash: each chunk is held against the head
 * when it comes, and the tree is made anew from the records. In memory is one chunk, and what the chunks share of the tree.
 */
import { equalBytes } from '@granary/base'
import { decodeRecord } from '@granary/protocol/codec'
import { APP_HASH_KEY } from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import { GENESIS_KEY, type Genesis, genesisHash, genesisStruct } from '@granary/protocol/records'
import { createDerivation, type StateRecord } from '../state/index.ts'
import type { BlockRecord } from '../store/records.ts'
import type { Restoration } from '../store/restore-state.ts'
import { hashOfNode } from '../tree/node.ts'
import { appHashOfHead, decodeHead, decodeRecords, digitsOf, topOfChunk } from './snapshot-format.ts'

export interface TakeStateInput {
  readonly head: Uint8Array
  /** Known from a header that is believed. */
  readonly appHash: Hash
  /** Of the chain: a state of another one is not taken. */
  readonly genesisHash: Hash
  readonly restoration: Restoration
}

export interface StateTaking {
  /** How many there are. */
  readonly chunks: number
  /** Of which chunk the next bytes have to be. */
  readonly next: number
  readonly records: number
  /** Of those that come beside the tree, by their keys. */
  readonly outside: ReadonlyMap<string, Uint8Array>
  /** The next chunk. @throws ChunkWrongError for any other bytes; nothing of them is kept */
  take(bytes: Uint8Array): void
  /** Once all are there: what the state says of its genesis. @throws TypeError when it is another chain's */
  genesis(): Genesis
  /** The state takes the place of the store's. */
  finish(block: Omit<BlockRecord, 'appHash'>): void
}

/** These bytes are not the chunk: who has sent them is to blame, and nobody else. */
export class ChunkWrongError extends TypeError {
  constructor(chunk: number, cause?: unknown) {
    super(`chunk ${chunk} is not the one that the header names`, { cause })
  }
}

/** @throws TypeError, MessageInvalidError for a head that does not lead to the app hash */
export function takeState({ head: bytes, appHash, genesisHash: chain, restoration }: TakeStateInput): StateTaking {
  const head = decodeHead(bytes)
  if (appHashOfHead(head) !== appHash) throw new TypeError('its state is not the one that the header names')
  const { tops } = head
  const digits = digitsOf(head)
  const derivation = createDerivation(digits)
  const outside = new Map(decodeRecords(head.outside))
  let genesis: Genesis | undefined
  let next = 0
  let records = outside.size
  restoration.add(outside)

  function proven(bytes: Uint8Array): StateRecord[] {
    try {
      const part = decodeRecords(bytes)
      if (next < tops.length && equalBytes(hashOfNode(topOfChunk(part, digits)), hashOfNode(tops[next]))) return part
    } catch (error) {
      throw new ChunkWrongError(next, error)
    }
    throw new ChunkWrongError(next)
  }

  return {
    chunks: tops.length,
    outside,
    get next() {
      return next
    },
    get records() {
      return records
    },
    take(bytes) {
      const part = proven(bytes)
      restoration.add(part)
      restoration.add(derivation.pagesOf(part))
      const found = part.find(([key]) => key === GENESIS_KEY)
      if (found !== undefined) genesis = decodeRecord(genesisStruct, found[1])
      next += 1
      records += part.length
    },
    genesis() {
      if (genesis === undefined || genesisHash(genesis) !== chain) throw new TypeError('its state has another genesis')
      return genesis
    },
    finish(block) {
      if (next !== tops.length) throw new Error(`chunk ${next} of ${tops.length} is missing`)
      const derived = [...derivation.end(outside)]
      const made = derived.find(([key]) => key === APP_HASH_KEY)![1]
      if (hashOf(made) !== appHash) throw new Error(`its records have the app hash ${hashOf(made)}, not ${appHash}`)
      restoration.add(derived)
      restoration.finish({ ...block, appHash })
    },
  }
}
