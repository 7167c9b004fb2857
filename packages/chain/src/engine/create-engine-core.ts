/**
 * What every engine does alike, whoever agrees on its blocks: messages come in by one admission into one pool, a block that is
 * committed leaves the pool and is told to those who wait, and what must never happen ends it.
 */
import type { GranaryError } from '@granary/base'
import type { Hash } from '@granary/protocol/messages'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { type Senders, type StateMachine, touchedBy, UpgradeRequiredError } from '../state/index.ts'
import type { Store } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'
import { createAdmission, type VerificationAhead } from './admission/create-admission.ts'
import type { Dropped } from './admission/pending-tx.ts'
import type { ExecutedBlock } from './commit/commit-block.ts'
import { createCommitter } from './commit/create-committer.ts'
import type { Engine, EngineEvent } from './engine.ts'
import { ChainHaltedError, NodeStoppingError, TxDroppedError } from './errors.ts'
import type { Pool } from './pool/create-pool.ts'

export interface EngineCoreParts {
  readonly genesis: Genesis
  readonly machine: StateMachine
  readonly store: Store
  readonly pool: Pool
  /** What the committed state says of those who send. */
  readonly senders: Senders
  readonly verification: VerificationAhead
  /** Blocks whose proofs are kept, the head's among them. @default all */
  readonly keepProofs?: number | undefined
  readonly log: (event: EngineEvent) => void
}

export interface EngineCore {
  /** What of an engine does not depend on who makes its blocks. */
  readonly engine: Pick<
    Engine,
    'halted' | 'failure' | 'submit' | 'waitFor' | 'waiting' | 'nextSequence' | 'lanesOf' | 'signedHeader' | 'onBlock'
  >
  head(): BlockRecord
  /** Waits or stands in a block. */
  isKnown(id: Hash): boolean
  /** To those who wait for them: these will be in no block. */
  tell(dropped: readonly Dropped[]): void
  /** Stores a block, and what it includes leaves the pool. @param startedAt when work on it began, by `performance.now()` */
  commit(executed: ExecutedBlock, startedAt: number): void
  /**
   * Only errors of a transaction are an answer; anything else would be a guess about other people's money. That other rules are
   * needed is no fault of the chain: it stands as well.
   */
  halt(height: number, error: unknown): void
  readonly running: boolean
  /** New messages are refused from now on. */
  stop(): void
  /** No block will come any more: answers those who wait. */
  end(): void
}

export function createEngineCore(parts: EngineCoreParts): EngineCore {
  const { genesis, machine, store, pool, senders, verification, log } = parts
  const committer = createCommitter({ store, keepProofs: parts.keepProofs })
  const halted = Promise.withResolvers<GranaryError>()
  let failure: GranaryError | undefined
  let stopping = false

  const admission = createAdmission({
    genesisHash: genesisHash(genesis),
    blockTimeMs: genesis.blockTimeMs,
    machine,
    pool,
    senders,
    verification,
    height: () => head().height,
    isKnown: (id) => {
      // While it waited, the node may have stopped.
      assertRunning()
      return isKnown(id)
    },
    onDropped: tell,
  })

  function head(): BlockRecord {
    const found = store.head()
    if (found === undefined) throw new Error('the store has no genesis block')
    return found
  }

  function isKnown(id: Hash): boolean {
    return pool.get(id) !== undefined || store.tx(id) !== undefined
  }

  function assertRunning(): void {
    if (failure !== undefined) throw failure
    if (stopping) throw new NodeStoppingError()
  }

  function tell(dropped: readonly Dropped[]): void {
    for (const { tx, reason } of dropped) {
      log({ type: 'tx:dropped', id: tx.id, code: reason.code })
      committer.giveUp(tx.id, new TxDroppedError(tx.id, reason))
    }
  }

  return {
    engine: {
      halted: halted.promise,
      get failure() {
        return failure
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
      nextSequence: (sender, lane) => senders.nextSequence(sender, lane) + pool.pendingInLane(sender, lane),
      lanesOf: (sender) => pool.lanesOf(sender),
      async signedHeader(height) {
        const block = store.block(height)
        return block && { bytes: block.header, signature: block.signature }
      },
      onBlock: committer.onBlock,
    },
    head,
    isKnown,
    tell,
    commit(executed, startedAt) {
      const { block, finalized } = executed
      committer.commit(executed)
      const included = finalized.results.flatMap(({ id }) => id ?? [])
      tell(pool.settle({ included, touched: touchedBy(finalized.writes.keys()) }))
      admission.settle()
      log({ type: 'block', height: block.height, txs: block.txs.length, ms: performance.now() - startedAt })
      committer.announce(block.height, included)
    },
    halt(height, error) {
      // What CometBFT asks meanwhile fails for the same reason.
      if (failure !== undefined) return
      if (error instanceof UpgradeRequiredError) {
        failure = error
        log({ type: 'upgrade:required', height, message: error.message, hint: error.hint })
      } else {
        // Not asked of the store, which may be what has failed.
        failure = new ChainHaltedError(height, error)
        const stack = Error.isError(error) ? error.stack : undefined
        log({ type: 'halted', height, message: failure.message, stack })
      }
      committer.end(failure)
      halted.resolve(failure)
    },
    get running() {
      return !stopping && failure === undefined
    },
    stop() {
      stopping = true
    },
    end: () => committer.end(new NodeStoppingError()),
  }
}
