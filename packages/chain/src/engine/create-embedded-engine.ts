/**
 * One validator, in process: takes transactions, makes a block each block time, signs its header and commits it in one
 * transaction of the store. Blocks come whether or not there is anything to put in, because an epoch is a height.
 */
import { setImmediate } from 'node:timers/promises'
import type { GranaryError } from '@granary/errors'
import {
  decodeTransaction,
  type Hash,
  hashOf,
  type Transaction,
  type TransactionName,
  transactionDigest,
} from '../messages/index.ts'
import {
  type BeaconEntry,
  beaconRoundFor,
  type FinalizedBlock,
  type Genesis,
  genesisHash,
  type StateMachine,
} from '../state/index.ts'
import type { Store } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'
import type { BlockRoom, Mempool, PendingTx } from './create-mempool.ts'
import type { Engine, EngineEvent } from './engine.ts'
import { ChainHaltedError, NodeStoppingError, TxDroppedError, TxRefusedError } from './errors.ts'
import { hashTxs, type SignedHeader, signHeader } from './header.ts'
import { createLineUp } from './line-up.ts'
import { createPacer } from './pacer.ts'
import { createStopwatch } from './stopwatch.ts'
import { signedDigests } from './verification/signed-digests.ts'
import type { SignedDigest } from './verification/tasks.ts'
import { createWaitList } from './wait-list.ts'

/** Where the randomness of the chain comes from: a local key on a devnet, or a drand network. */
export interface BeaconSource {
  /** That round will be asked for: what takes time may begin. */
  want(round: number): void
  /** undefined while that round is not known: the block goes without, and a later one carries it. */
  entry(round: number): BeaconEntry | undefined
}

/** Verifies ahead of the state machine, so that its own checks find verdicts ready. */
export interface VerificationAhead {
  prepareSigners(signed: readonly SignedDigest[]): Promise<void>
  withProofs<T>(check: () => T): Promise<T>
}

export interface EmbeddedEngineParts {
  readonly genesis: Genesis
  readonly machine: StateMachine
  readonly store: Store
  readonly mempool: Mempool
  readonly beacon: BeaconSource
  readonly verification: VerificationAhead
  /** ed25519 seed, 32 bytes. */
  readonly validatorKey: Uint8Array
  /** The rounds that a block could bring, those first that matter most; `next` is that of its own epoch. */
  readonly roundsToDeliver: (next: number) => readonly number[]
  /** Blocks whose proofs are kept, the head's among them. @default all */
  readonly keepProofs?: number | undefined
  /** Bytes and verification units of a block, as the state has them now. */
  readonly blockRoom: () => BlockRoom
  readonly log: (event: EngineEvent) => void
  /** @default Date.now */
  readonly now?: () => number
}

const PROOFS: ReadonlySet<TransactionName> = new Set<TransactionName>(['ProveCommitSector', 'SubmitPost'])
/** A transaction that was offered to this many blocks in vain is given up. */
const OFFERS_MAX = 20

export function createEmbeddedEngine(parts: EmbeddedEngineParts): Engine {
  const { genesis, machine, store, mempool, beacon, verification, log, now = Date.now } = parts
  const chain = genesisHash(genesis)
  const waiters = createWaitList()
  const lanes = createLineUp()
  const listeners = new Set<(height: number) => void>()
  const offers = new Map<Hash, number>()
  const halted = Promise.withResolvers<GranaryError>()
  let failure: GranaryError | undefined
  let stopping = false
  let nextHeight = 0
  // At the first block all older ones are looked through: the node may have kept more before.
  let proofsFrom = store.firstHeight() ?? 0
  let running: Promise<void> = Promise.resolve()

  const pacer = createPacer(genesis.blockTimeMs)

  function produce(): void {
    const startedAt = performance.now()
    const head = headOf(store)
    const height = head.height + 1
    nextHeight = height
    const timeMs = Math.max(now(), head.timeMs + 1)
    const offered = mempool.select(parts.blockRoom())
    const stopwatch = createStopwatch()
    const txs = machine.prepareBlock({
      height,
      timeMs,
      candidates: offered.map((tx) => tx.bytes),
      beacon: entriesFor(beaconRoundFor(genesis, head.timeMs)),
      observer: stopwatch.start(offered.map((tx) => tx.bytes)),
    })
    const block = { height, timeMs, txs }
    // No processBlock: that is a vote over somebody else's proposal, and finalizeBlock checks all that it does.
    const finalized = machine.finalizeBlock(block, stopwatch.start(txs))
    const header = signHeader(
      {
        height,
        timeMs,
        previousHash: head.hash,
        txsHash: hashTxs(txs),
        appHash: head.appHash,
        validator: genesis.validator,
      },
      chain,
      parts.validatorKey,
    )
    for (const { bytes, checkMs } of offered) stopwatch.add(bytes, checkMs)
    commit(store, block, header, finalized, stopwatch.elapsedMs)
    beacon.want(beaconRoundFor(genesis, timeMs))
    dropProofs(height)
    settle(offered, finalized)
    log({ type: 'block', height, txs: txs.length, ms: performance.now() - startedAt })
    for (const listener of listeners) listener(height)
  }

  function dropProofs(height: number): void {
    if (parts.keepProofs === undefined) return
    const to = height - parts.keepProofs + 1
    if (to > proofsFrom) store.dropProofs(proofsFrom, to)
    proofsFrom = Math.max(proofsFrom, to)
  }

  /** Those that are there; asking for the others lets them come. */
  function entriesFor(next: number): BeaconEntry[] {
    return parts.roundsToDeliver(next).flatMap((round) => beacon.entry(round) ?? [])
  }

  /** Answers those who wait, and lets go of what can never be in a block. */
  function settle(offered: readonly PendingTx[], finalized: FinalizedBlock): void {
    for (const { id } of finalized.results) {
      if (id === null) continue
      mempool.remove(id)
      offers.delete(id)
      waiters.resolve(id)
    }
    for (const { id } of offered) {
      const tx = mempool.get(id)
      // Behind another of its lane that was left out, it had no chance; its turn comes.
      if (tx === undefined || mempool.firstInLane(tx.sender, tx.lane) !== tx) continue
      const count = (offers.get(id) ?? 0) + 1
      offers.set(id, count)
      const verdict = machine.checkTx(tx.bytes, 0)
      // Fees fall again when blocks are not full.
      const waits = verdict.code === 'OK' || verdict.code === 'FEE_TOO_LOW'
      if (waits && count < OFFERS_MAX) continue
      drop(tx, verdict.code === 'OK' ? NEVER_INCLUDED : verdict)
    }
  }

  function drop(tx: PendingTx, reason: { code: string; message: string; hint: string }): void {
    for (const dropped of mempool.removeFrom(tx.id)) {
      offers.delete(dropped.id)
      log({ type: 'tx:dropped', id: dropped.id, code: dropped === tx ? reason.code : FELL_WITH_ANOTHER.code })
      waiters.reject(dropped.id, new TxDroppedError(dropped.id, dropped === tx ? reason : FELL_WITH_ANOTHER))
    }
  }

  function assertRunning(): void {
    if (failure !== undefined) throw failure
    if (stopping) throw new NodeStoppingError()
  }

  function isKnown(id: Hash): boolean {
    return mempool.get(id) !== undefined || store.tx(id) !== undefined
  }

  async function admit(bytes: Uint8Array, tx: Transaction, signed: SignedDigest): Promise<void> {
    await verification.prepareSigners(signedDigests(chain, tx, signed))
    const startedAt = performance.now()
    const check = () => {
      // While it waited, the node may have stopped, and the same transaction may have come in again.
      assertRunning()
      const id = hashOf(signed.digest)
      if (isKnown(id)) return
      const verdict = machine.checkTx(bytes, mempool.pendingInLane(tx.sender, tx.lane))
      if (verdict.code !== 'OK') throw new TxRefusedError(verdict)
      const { kind, sender, lane, sequence } = tx
      const checkMs = performance.now() - startedAt
      mempool.add({ id, bytes, kind, sender, lane, sequence, class: verdict.class, units: verdict.units, checkMs })
    }
    if (PROOFS.has(tx.kind)) await verification.withProofs(check)
    else check()
  }

  function halt(error: unknown): void {
    // Not asked of the store, which may be what has failed.
    failure = new ChainHaltedError(nextHeight, error)
    const stack = Error.isError(error) ? error.stack : undefined
    log({ type: 'halted', height: nextHeight, message: failure.message, stack })
    waiters.rejectAll(failure)
    halted.resolve(failure)
  }

  async function run(): Promise<void> {
    while (!stopping && failure === undefined) {
      await pacer.next()
      if (stopping) return
      try {
        produce()
        // Who waits for the block has its answer first.
        await setImmediate()
        store.clearLog()
      } catch (error) {
        // Only errors of a transaction are an answer; anything else would be a guess about other people's money.
        halt(error)
      }
    }
  }

  return {
    halted: halted.promise,
    get failure() {
      return failure
    },
    start() {
      running = run()
    },
    async submit(bytes) {
      assertRunning()
      const { tx, signature } = decodeTransaction(bytes)
      const digest = transactionDigest(chain, tx)
      const id = hashOf(digest)
      if (!isKnown(id)) await lanes.run(`${tx.sender}/${tx.lane}`, () => admit(bytes, tx, { digest, signature }))
      return id
    },
    async waitFor(id, options = {}) {
      if (store.tx(id) !== undefined) return
      assertRunning()
      await waiters.wait(id, options.signal)
    },
    pending: (id) => mempool.get(id),
    pendingInLane: (sender, lane) => mempool.pendingInLane(sender, lane),
    lanesOf: (sender) => mempool.lanesOf(sender),
    onBlock(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      stopping = true
      pacer.wake()
      await running
      waiters.rejectAll(new NodeStoppingError())
    },
  }
}

const NEVER_INCLUDED = {
  code: 'TX_NOT_INCLUDED',
  message: `${OFFERS_MAX} blocks had no room for it`,
  hint: 'read the sequence of its lane again and send it anew',
}

const FELL_WITH_ANOTHER = {
  code: 'SEQUENCE_GAP',
  message: 'one before it in its lane was dropped',
  hint: 'read the sequence of its lane again and send it anew',
}

function headOf(store: Store): BlockRecord {
  const head = store.head()
  if (head === undefined) throw new Error('the store has no genesis block')
  return head
}

function commit(
  store: Store,
  block: { height: number; timeMs: number; txs: readonly Uint8Array[] },
  header: SignedHeader,
  finalized: FinalizedBlock,
  elapsedMs: (bytes: Uint8Array) => number,
): void {
  if (finalized.results.length !== block.txs.length)
    throw new Error(`${block.txs.length} transactions gave ${finalized.results.length} results`)
  store.commitBlock({
    block: {
      height: block.height,
      timeMs: block.timeMs,
      hash: header.hash,
      header: header.bytes,
      signature: header.signature,
      appHash: finalized.appHash,
    },
    txs: block.txs.map((bytes, index) => ({ ...finalized.results[index]!, bytes, executionMs: elapsedMs(bytes) })),
    events: finalized.events,
    writes: finalized.writes,
  })
}
