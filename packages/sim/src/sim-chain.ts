/**
 * A chain in memory with a virtual clock: the real state machine, real transactions with real signatures, block after block.
 * Participants hand in messages; each account's go into blocks in their order, and what a block has no room for waits.
 */
import { equalBytes } from '@granary/base'
import { beaconRoundFor, createStateMachine, type StateReader, type TxResult } from '@granary/chain/state'
import type { ChainEvent } from '@granary/protocol/events'
import {
  classOf,
  encodeBeaconEntry,
  encodeTransaction,
  type Hash,
  type MessageBodies,
  type Signer,
  type Transaction,
  type TransactionName,
  typedTransaction,
  verifySigner,
} from '@granary/protocol/messages'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { createMemoryState } from './memory-state.ts'
import { verifyPoRep, verifyPost } from './simulated-proofs.ts'

export interface SimChain {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly state: StateReader
  /** Of the last block. */
  readonly height: number
  /** @param done: called with the result; a message that no block may take any more has none */
  submit<N extends TransactionName>(signer: Signer, kind: N, body: MessageBodies[N], done?: Done): void
  /** Calls `action` after the block of that height, or after the next one when that is past. */
  at(height: number, action: () => void): void
  /** One block. @returns all that happened in it, in order */
  produce(): readonly ChainEvent[]
}

export type Done = (result: TxResult | undefined) => void

export interface SimChainOptions {
  readonly genesis: Genesis
  /** The beacon's rounds follow from it. */
  readonly seed: number
  /** Told of every transaction that was executed, before its `done`. */
  readonly executed: (sender: string, result: TxResult) => void
  /** Told of every message that no block may take any more. */
  readonly refused: (kind: TransactionName, code: string) => void
}

interface Waiting {
  /** Counts messages as they come. */
  readonly ticket: number
  readonly signer: Signer
  readonly kind: TransactionName
  readonly body: MessageBodies[TransactionName]
  readonly done: Done
}

interface Pool {
  readonly lane: number
  sequence: number
  readonly waiting: Waiting[]
}

const MAX_FEE = 10n ** 18n
/** Messages of one lane that are tried in one block. */
const BATCH_MAX = 16
const VALID_EPOCHS = 10

export function createSimChain({ genesis, seed, executed, refused }: SimChainOptions): SimChain {
  const hash = genesisHash(genesis)
  const state = createMemoryState()
  const signatureOf = (round: number): Uint8Array => sha256Wide(`granary/sim/beacon ${seed} ${round}`)
  const machine = createStateMachine({
    reader: state,
    verifiers: {
      signer: verifySigner,
      poRep: verifyPoRep,
      post: verifyPost,
      // A real beacon would take 30 ms a block, and nobody here tries to forge it.
      beacon: (_, round, signature) => equalBytes(signature, signatureOf(round)),
    },
  })
  const pools = new Map<string, Pool>()
  const agenda = new Map<number, (() => void)[]>()
  let tickets = 0
  let height = 0
  let timeMs = genesis.timeMs
  state.commit(machine.initChain(genesis).writes)

  function sign({ signer, kind, body }: Waiting, lane: number, sequence: number): Uint8Array {
    const sender = signer.address
    const validUntil = height + VALID_EPOCHS
    const tx = { kind, sender, lane, sequence, validUntil, maxFee: MAX_FEE, body } as Transaction
    const signature = signer.sign(typedTransaction(hash, tx))
    if (signature instanceof Promise) throw new TypeError('the signers of a simulation are synchronous')
    return encodeTransaction(tx, signature)
  }

  /** Signed now, the oldest first; of the proofs of replication one, since no block has room for two. */
  function candidates(): Map<Uint8Array, readonly [Waiting, Pool]> {
    const found = new Map<Uint8Array, readonly [Waiting, Pool]>()
    let hasPoRep = false
    const inOrder = [...pools.values()]
      .filter(({ waiting }) => waiting.length > 0)
      .sort((a, b) => a.waiting[0]!.ticket - b.waiting[0]!.ticket)
    for (const pool of inOrder) {
      for (const [index, each] of pool.waiting.slice(0, BATCH_MAX).entries()) {
        const isPoRep = each.kind === 'ProveCommitSector'
        if (isPoRep && hasPoRep) break
        hasPoRep ||= isPoRep
        found.set(sign(each, pool.lane, pool.sequence + index), [each, pool])
      }
    }
    return found
  }

  /** What no later block could take either is let go. */
  function dropHopeless(leftOut: ReadonlyMap<Pool, Uint8Array>): void {
    for (const [pool, bytes] of leftOut) {
      const verdict = machine.checkTx(bytes, 0)
      if (verdict.code === 'OK' || verdict.retryable) continue
      const { kind, done } = pool.waiting.shift()!
      refused(kind, verdict.code)
      done(undefined)
    }
  }

  return {
    genesis,
    genesisHash: hash,
    state,
    get height() {
      return height
    },
    submit: (signer, kind, body, done = () => undefined) => {
      const lane = laneOf(kind)
      const key = `${signer.address}/${lane}`
      const pool = pools.get(key) ?? { lane, sequence: 0, waiting: [] }
      pools.set(key, pool)
      tickets += 1
      pool.waiting.push({ ticket: tickets, signer, kind, body, done })
    },
    at: (at, action) => {
      const due = Math.max(at, height + 1)
      const actions = agenda.get(due)
      if (actions === undefined) agenda.set(due, [action])
      else actions.push(action)
    },
    produce: () => {
      const round = beaconRoundFor(genesis, timeMs)
      const beacon = { round, signature: signatureOf(round) }
      const given = candidates()
      const next = { height: height + 1, timeMs: timeMs + genesis.blockTimeMs }
      const txs =
        given.size === 0
          ? [encodeBeaconEntry(beacon)]
          : machine.prepareBlock({ ...next, candidates: [...given.keys()], beacon: [beacon] })
      const finalized = machine.finalizeBlock({ ...next, txs })
      state.commit(finalized.writes)
      height = next.height
      timeMs = next.timeMs

      const taken = new Set(txs)
      const leftOut = new Map<Pool, Uint8Array>()
      for (const [bytes, [, pool]] of given) if (!taken.has(bytes) && !leftOut.has(pool)) leftOut.set(pool, bytes)
      for (const [index, bytes] of txs.entries()) {
        const [waiting, pool] = given.get(bytes) ?? []
        if (waiting === undefined || pool === undefined) continue
        pool.waiting.shift()
        pool.sequence += 1
        const result = finalized.results[index]!
        executed(waiting.signer.address, result)
        waiting.done(result)
      }
      dropHopeless(leftOut)
      for (const action of agenda.get(height) ?? []) action()
      agenda.delete(height)
      return [...finalized.results.flatMap(({ events }) => events), ...finalized.events]
    },
  }
}

/** Proofs wait for nothing else, and nothing else for a large proof. */
function laneOf(kind: TransactionName): number {
  if (classOf(kind) === 'proving') return 1
  return kind === 'ProveCommitSector' ? 2 : 0
}

/** 48 bytes, as many as a round's signature has. */
function sha256Wide(text: string): Uint8Array {
  const first = sha256(utf8ToBytes(text))
  return concatBytes(first, sha256(first).subarray(0, 16))
}
