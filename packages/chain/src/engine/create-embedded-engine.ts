/**
 * One validator, in process: takes transactions, makes a block each block time, signs its header and commits it in one
 * transaction of the store. Blocks come whether or not there is anything to put in, because an epoch is a height.
 */
import { setImmediate } from 'node:timers/promises'
import type { GranaryError } from '@granary/base'
import { hashTxs } from '@granary/protocol/header'
import type { BeaconEntry, Hash } from '@granary/protocol/messages'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { beaconRoundFor, type Senders, type StateMachine, touchedBy } from '../state/index.ts'
import type { Store } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'
import { createAdmission, type VerificationAhead } from './admission/create-admission.ts'
import type { Dropped } from './admission/pending-tx.ts'
import type { Clock } from './clock/clock.ts'
import { createBlockTimes } from './clock/create-block-times.ts'
import { createCommitter } from './commit/create-committer.ts'
import { createHeaderSigner } from './commit/create-header-signer.ts'
import type { Engine, EngineEvent } from './engine.ts'
import { ChainHaltedError, NodeStoppingError, TxDroppedError } from './errors.ts'
import { createPacer } from './pacer.ts'
import type { Pool } from './pool/create-pool.ts'
import { createStopwatch } from './stopwatch.ts'

/** Where the randomness of the chain comes from: a local key on a devnet, or a drand network. */
export interface BeaconSource {
  /** That round will be asked for: what takes time may begin. */
  want(round: number): void
  /** undefined while that round is not known: the block goes without, and a later one carries it. */
  entry(round: number): BeaconEntry | undefined
  /** The newest that is known; undefined where none proves the time. */
  newest(): BeaconEntry | undefined
}

export interface EmbeddedEngineParts {
  readonly genesis: Genesis
  readonly machine: StateMachine
  readonly store: Store
  readonly pool: Pool
  /** What the committed state says of those who send. */
  readonly senders: Senders
  readonly beacon: BeaconSource
  readonly verification: VerificationAhead
  /** ed25519 seed, 32 bytes. */
  readonly validatorKey: Uint8Array
  /** The rounds that a block could bring, those first that matter most; `next` is that of its own epoch. */
  readonly roundsToDeliver: (next: number) => readonly number[]
  /** Blocks whose proofs are kept, the head's among them. @default all */
  readonly keepProofs?: number | undefined
  readonly clock: Clock
  /** The latest time that the rules allow the next block, if it can bring that round. */
  readonly latestBlockTimeMs: (newestRound: number | undefined) => number
  readonly log: (event: EngineEvent) => void
}

export function createEmbeddedEngine(parts: EmbeddedEngineParts): Engine {
  const { genesis, machine, store, pool, beacon, clock, verification, log } = parts
  const chain = genesisHash(genesis)
  const sign = createHeaderSigner(genesis, parts.validatorKey)
  const committer = createCommitter({ store, keepProofs: parts.keepProofs })
  const halted = Promise.withResolvers<GranaryError>()
  let failure: GranaryError | undefined
  let stopping = false
  let nextHeight = 0
  let running: Promise<void> = Promise.resolve()

  const pacer = createPacer(genesis.blockTimeMs)
  const times = createBlockTimes({
    clock,
    blockTimeMs: genesis.blockTimeMs,
    latestMs: () => parts.latestBlockTimeMs(beacon.newest()?.round),
    monotonicMs: () => performance.now(),
    log: ({ code, message, hint }) => log({ type: 'stalled', code, message, hint }),
  })
  const admission = createAdmission({
    genesisHash: chain,
    blockTimeMs: genesis.blockTimeMs,
    machine,
    pool,
    senders: parts.senders,
    verification,
    height: () => headOf(store).height,
    isKnown: (id) => {
      // While it waited, the node may have stopped.
      assertRunning()
      return isKnown(id)
    },
    onDropped: tell,
  })

  function produce(): void {
    const startedAt = performance.now()
    const head = headOf(store)
    const height = head.height + 1
    nextHeight = height
    const timeMs = times.next(head.timeMs)
    if (timeMs === undefined) return
    const turn = pool.turn(tell)
    const stopwatch = createStopwatch()
    const txs = machine.prepareBlock({
      height,
      timeMs,
      candidates: turn.candidates,
      onOutcome: turn.onOutcome,
      beacon: entriesFor(beaconRoundFor(genesis, head.timeMs)),
      newest: beacon.newest(),
      observer: stopwatch.start((index) => turn.offered[index]?.bytes),
    })
    const block = { height, timeMs, txs }
    // No processBlock: that is a vote over somebody else's proposal, and finalizeBlock checks all that it does.
    const finalized = machine.finalizeBlock(
      block,
      stopwatch.start((index) => txs[index]),
    )
    const header = sign({ height, timeMs, previousHash: head.hash, txsHash: hashTxs(txs), appHash: head.appHash })
    for (const { bytes, checkMs } of turn.offered) stopwatch.add(bytes, checkMs)
    committer.commit({ block, header, finalized, elapsedMs: stopwatch.elapsedMs })
    beacon.want(beaconRoundFor(genesis, timeMs))
    const included = finalized.results.flatMap(({ id }) => id ?? [])
    tell(pool.settle({ included, touched: touchedBy(finalized.writes.keys()) }))
    admission.settle()
    log({ type: 'block', height, txs: txs.length, ms: performance.now() - startedAt })
    committer.announce(height, included)
  }

  /** Those that are there; asking for the others lets them come. */
  function entriesFor(next: number): BeaconEntry[] {
    return parts.roundsToDeliver(next).flatMap((round) => beacon.entry(round) ?? [])
  }

  function tell(dropped: readonly Dropped[]): void {
    for (const { tx, reason } of dropped) {
      log({ type: 'tx:dropped', id: tx.id, code: reason.code })
      committer.giveUp(tx.id, new TxDroppedError(tx.id, reason))
    }
  }

  function assertRunning(): void {
    if (failure !== undefined) throw failure
    if (stopping) throw new NodeStoppingError()
  }

  function isKnown(id: Hash): boolean {
    return pool.get(id) !== undefined || store.tx(id) !== undefined
  }

  function halt(error: unknown): void {
    // Not asked of the store, which may be what has failed.
    failure = new ChainHaltedError(nextHeight, error)
    const stack = Error.isError(error) ? error.stack : undefined
    log({ type: 'halted', height: nextHeight, message: failure.message, stack })
    committer.end(failure)
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
    get stalled() {
      return times.stalled
    },
    get clock() {
      return clock.status
    },
    start() {
      running = run()
    },
    async submit(bytes) {
      assertRunning()
      return admission.submit(bytes)
    },
    async waitFor(id, options = {}) {
      if (store.tx(id) !== undefined) return
      assertRunning()
      await committer.waitFor(id, options.signal)
    },
    waiting: (id) => pool.get(id),
    nextSequence: (sender, lane) => parts.senders.nextSequence(sender, lane) + pool.pendingInLane(sender, lane),
    lanesOf: (sender) => pool.lanesOf(sender),
    onBlock: committer.onBlock,
    async stop() {
      stopping = true
      pacer.wake()
      await running
      committer.end(new NodeStoppingError())
    },
  }
}

function headOf(store: Store): BlockRecord {
  const head = store.head()
  if (head === undefined) throw new Error('the store has no genesis block')
  return head
}
