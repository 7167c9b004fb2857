/**
 * What waits for a block, and its rules: cover.ts (what an account has promised), bounds.ts (how much may wait),
 * order.ts (who goes first), recheck.ts (what a new head has made impossible); ../admission is the way in.
 * docs/spec/chain.md section 8.
 */
import type { Address, Hash } from '@granary/protocol/messages'
import { type BlockRoom, createBlockRoom, type Senders, type Touched } from '../../state/index.ts'
import type { Mempool } from '../admission/mempool.ts'
import type { Dropped, PendingTx, PoolReason } from '../admission/pending-tx.ts'
import { checkPlace, roomFor } from './bounds.ts'
import { coverFor } from './cover.ts'
import { createKeyChanges } from './key-changes.ts'
import { createTurn, type Turn } from './order.ts'
import { createQueues } from './queues.ts'
import { recheck } from './recheck.ts'

export interface Pool extends Mempool {
  readonly size: number
  /** The lanes of an account in which something waits. */
  lanesOf(sender: Address): number[]
  /**
   * @returns those that leave for it
   * @throws ClaimNotCoveredError, MempoolFullError, LaneClassError, AlreadyPendingError, ReplacementTooLowError,
   * KeyChangingError
   */
  add(tx: PendingTx): Dropped[]
  /** The next block's; what is found to be in no block leaves, and is told to `onDropped`. */
  turn(onDropped: (dropped: readonly Dropped[]) => void): Turn
  /** A block has come. @returns what it has made impossible */
  settle(block: { readonly included: readonly Hash[]; readonly touched: Touched }): Dropped[]
}

export interface PoolParts {
  readonly senders: Senders
  /** As the head's state has them. */
  readonly limits: () => PoolLimits
  /** Why a block could not take it now, with that many of its lane before it; nothing is executed. */
  readonly refusal: (tx: PendingTx, before: number) => PoolReason | undefined
}

export interface PoolLimits {
  readonly blockBytes: number
  readonly blockVerifyUnits: number
  /** Of fees, in millionths. */
  readonly feeLevel: bigint
  /** Of the head. */
  readonly height: number
}

const OUTBID: PoolReason = {
  code: 'MEMPOOL_FULL',
  message: 'too much waits, and others pay a higher level of fees',
  hint: 'send it again with a higher maxFee, or later',
}

const GAVE_WAY: PoolReason = {
  code: 'MEMPOOL_FULL',
  message: 'too much waits, and a proof of the account or a more urgent one needed its place',
  hint: 'send it again after the next blocks',
}

const REPLACED: PoolReason = {
  code: 'SEQUENCE_TAKEN',
  message: 'another of its lane and sequence pays more',
  hint: 'follow that one, or sign with the next sequence',
}

export function createPool({ senders, limits, refusal }: PoolParts): Pool {
  const queues = createQueues()
  const keyChanges = createKeyChanges(queues)
  let current = limits()

  const dropAll = (txs: readonly PendingTx[], reason: PoolReason): Dropped[] =>
    txs.flatMap((tx) => queues.drop(tx, reason))

  /** Who leaves for it; decided before anything leaves. */
  function plan(tx: PendingTx) {
    const replaced = queues.lane(tx.sender, tx.lane).find(({ sequence }) => sequence === tx.sequence)
    checkPlace(tx, replaced, queues)
    keyChanges.check(tx)
    const withdrawn = keyChanges.withdraws(tx)
    const uncovered = coverFor(tx, replaced, { queues, senders })
    const leaving = [...withdrawn, ...uncovered, ...(replaced === undefined ? [] : [replaced])]
    const block = { bytes: current.blockBytes, units: current.blockVerifyUnits }
    return { replaced, withdrawn, uncovered, expelled: roomFor(tx, leaving, { queues, block }) }
  }

  return {
    get size() {
      return queues.size
    },
    get: queues.get,
    pendingInLane: (sender, lane, before = Number.POSITIVE_INFINITY) =>
      queues.lane(sender, lane).filter(({ sequence }) => sequence < before).length,
    lanesOf: queues.lanesOf,
    check: (tx) => void plan(tx),
    add(tx) {
      const { replaced, withdrawn, uncovered, expelled } = plan(tx)
      const dropped = [
        ...dropAll(withdrawn, keyChanges.reason),
        ...dropAll(uncovered, GAVE_WAY),
        ...dropAll(expelled, tx.class === 'general' ? OUTBID : GAVE_WAY),
      ]
      queues.add(tx)
      return replaced === undefined ? dropped : [...dropped, { tx: replaced, reason: REPLACED }]
    },
    turn(onDropped) {
      const room: BlockRoom = createBlockRoom(current)
      const refused = (tx: PendingTx, reason: PoolReason): void => onDropped(queues.drop(tx, reason))
      return createTurn({ queues, room, level: current.feeLevel, refused })
    },
    settle({ included, touched }) {
      for (const id of included) queues.remove(id)
      current = limits()
      return recheck({ queues, senders, refusal, touched, next: current.height + 1 })
    },
  }
}
