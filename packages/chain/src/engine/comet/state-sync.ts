/**
 * How a node that joins comes to the state without all blocks (state sync of ABCI): nodes offer the states that they keep, CometBFT
 * has the app hash of each from headers that it follows by itself, and what is fetched is held against that hash chunk by chunk.
 * The first chunk is a snapshot's head, so each chunk's index is one more than in the head. docs/spec/chain.md, section 7.
 */
import { hash } from 'node:crypto'
import { equalBytes } from '@granary/base'
import { decodeRecord } from '@granary/protocol/codec'
import { hashTxs } from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import { recordTables } from '@granary/protocol/records'
import {
  ResponseApplySnapshotChunk,
  ResponseApplySnapshotChunk_Result,
  ResponseListSnapshots,
  ResponseLoadSnapshotChunk,
  ResponseOfferSnapshot,
  ResponseOfferSnapshot_Result,
} from 'cosmjs-types/tendermint/abci/types'
import type { KeptSnapshots } from '../../snapshot/keep-snapshots.ts'
import { CHUNKS_MAX, RECORDS_VERSION } from '../../snapshot/snapshot-format.ts'
import { ChunkWrongError, type StateTaking, takeState } from '../../snapshot/take-state.ts'
import type { Store } from '../../store/open-store.ts'
import { ZERO_HASH } from '../commit/verify-head.ts'
import type { AbciApplication, AbciRequest } from './abci/application.ts'
import { unsignedHeader } from './unsigned-header.ts'

export interface StateSyncParts {
  readonly genesisHash: Hash
  readonly store: Store
  /** What is given to others. @default nothing */
  readonly snapshots?: Pick<KeptSnapshots, 'list' | 'frame'> | undefined
  /** CometBFT has given a block in this run: it does not begin with a state any more. */
  readonly hasBlocks: () => boolean
  /** The state has been replaced. */
  readonly onRestored: (height: number) => void
  /** Why one was refused. */
  readonly onRefused: (height: number, why: string) => void
}

export type StateSync = Pick<
  AbciApplication,
  'listSnapshots' | 'loadSnapshotChunk' | 'offerSnapshot' | 'applySnapshotChunk'
>

interface Offered {
  readonly height: number
  readonly chunks: number
  /** SHA-256 of the first chunk. */
  readonly hash: Uint8Array
  readonly appHash: Hash
}

const SHA256_BYTES = 32
const { ACCEPT, RETRY, REJECT_SNAPSHOT } = ResponseApplySnapshotChunk_Result

export function createStateSync(parts: StateSyncParts): StateSync {
  const { store, snapshots } = parts
  let offered: Offered | undefined
  let taking: StateTaking | undefined

  function refuse(why: string, sender = ''): ResponseApplySnapshotChunk {
    parts.onRefused(offered?.height ?? 0, why)
    offered = undefined
    taking = undefined
    return ResponseApplySnapshotChunk.fromPartial({
      result: REJECT_SNAPSHOT,
      rejectSenders: sender === '' ? [] : [sender],
    })
  }

  /** From another node this time. */
  function again(index: number, sender: string): ResponseApplySnapshotChunk {
    const rejectSenders = sender === '' ? [] : [sender]
    return ResponseApplySnapshotChunk.fromPartial({ result: RETRY, refetchChunks: [index], rejectSenders })
  }

  function faultOfOffer({ snapshot }: AbciRequest<'offerSnapshot'>): string | undefined {
    if (snapshot === undefined) return 'it is none'
    const { height, chunks, hash } = snapshot
    const head = store.head()?.height ?? 0
    if (parts.hasBlocks()) return 'this node has blocks'
    if (hash.length !== SHA256_BYTES || chunks < 2 || chunks > 1 + CHUNKS_MAX) return 'no state is made so'
    if (height < BigInt(head)) return `this node has the state of block ${head}`
    return undefined
  }

  function faultOfHead({ chunks, outside }: StateTaking, { height, chunks: frames }: Offered): string | undefined {
    if (1 + chunks !== frames) return `it has ${1 + chunks} chunks, ${frames} were offered`
    const head = outside.get(recordTables.head.key())
    const state = head === undefined ? undefined : decodeRecord(recordTables.head.record, head).height
    return state === height ? undefined : `it is the state of block ${state}, not ${height}`
  }

  function begin(bytes: Uint8Array, sender: string, offer: Offered): ResponseApplySnapshotChunk {
    if (!equalBytes(hash('sha256', bytes, 'buffer'), offer.hash)) return again(0, sender)
    const { genesisHash } = parts
    try {
      taking = takeState({ head: bytes, appHash: offer.appHash, genesisHash, restoration: store.restoration() })
    } catch (error) {
      // Who says that the hash of this is the snapshot's has made it up.
      if (!isMadeUp(error)) throw error
      return refuse(wordsOf(error), sender)
    }
    const fault = faultOfHead(taking, offer)
    return fault === undefined ? ResponseApplySnapshotChunk.fromPartial({ result: ACCEPT }) : refuse(fault, sender)
  }

  function finish(state: StateTaking, { height }: Offered): ResponseApplySnapshotChunk {
    try {
      state.genesis()
    } catch (error) {
      return refuse(wordsOf(error))
    }
    const { timeMs } = decodeRecord(recordTables.head.record, state.outside.get(recordTables.head.key())!)
    // Of the block itself nothing is known but that this is the state after it.
    const header = { height, timeMs, previousHash: ZERO_HASH, txsHash: hashTxs([]), appHash: ZERO_HASH }
    const { bytes, hash: headerHash, signature } = unsignedHeader(header)
    state.finish({ height, timeMs, header: bytes, hash: headerHash, signature })
    offered = undefined
    taking = undefined
    parts.onRestored(height)
    return ResponseApplySnapshotChunk.fromPartial({ result: ACCEPT })
  }

  return {
    listSnapshots: () =>
      ResponseListSnapshots.fromPartial({
        snapshots: (snapshots?.list() ?? []).map(({ height, frames, hash }) => ({
          height: BigInt(height),
          format: RECORDS_VERSION,
          chunks: frames,
          hash,
        })),
      }),

    loadSnapshotChunk: async ({ height, format, chunk }) => {
      const found = format === RECORDS_VERSION ? await snapshots?.frame(Number(height), chunk) : undefined
      return ResponseLoadSnapshotChunk.fromPartial(found === undefined ? {} : { chunk: found })
    },

    offerSnapshot: (request) => {
      const { REJECT, REJECT_FORMAT, ACCEPT } = ResponseOfferSnapshot_Result
      taking = undefined
      offered = undefined
      const fault = faultOfOffer(request)
      if (fault !== undefined) {
        parts.onRefused(Number(request.snapshot?.height ?? 0), fault)
        return ResponseOfferSnapshot.fromPartial({ result: REJECT })
      }
      const { height, format, chunks, hash } = request.snapshot!
      if (format !== RECORDS_VERSION) return ResponseOfferSnapshot.fromPartial({ result: REJECT_FORMAT })
      // The array lies in the frame that it came in.
      offered = { height: Number(height), chunks, hash: hash.slice(), appHash: hashOf(request.appHash) }
      return ResponseOfferSnapshot.fromPartial({ result: ACCEPT })
    },

    applySnapshotChunk: ({ index, chunk, sender }) => {
      if (offered === undefined) return refuse('no snapshot was taken up')
      if (index === 0) return begin(chunk, sender, offered)
      if (taking === undefined || index !== 1 + taking.next) return refuse(`chunk ${index} comes out of order`)
      try {
        taking.take(chunk)
      } catch (error) {
        if (error instanceof ChunkWrongError) return again(index, sender)
        throw error
      }
      return taking.next === taking.chunks
        ? finish(taking, offered)
        : ResponseApplySnapshotChunk.fromPartial({ result: ACCEPT })
    },
  }
}

/** What is wrong with the bytes, and not with this machine. */
function isMadeUp(error: unknown): boolean {
  return error instanceof TypeError || (Error.isError(error) && 'code' in error && error.code === 'MESSAGE_INVALID')
}

function wordsOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error)
}
