/**
 * What waits for a block. Sequences are strict in each lane of an account, so each lane is a queue; proofs (class
 * `proving`) have half of the room to themselves, here and in a block, so that nobody can crowd them out.
 */
import type { Address, Hash, TransactionName } from '../messages/index.ts'
import { MempoolFullError } from './errors.ts'

export interface PendingTx {
  readonly id: Hash
  readonly bytes: Uint8Array
  readonly kind: TransactionName
  readonly sender: Address
  readonly lane: number
  readonly sequence: number
  readonly class: 'general' | 'proving'
  /** Its price in units of verification, of which a block has a bounded number. */
  readonly units: number
  /** How long the check took that let it in; its proofs have been verified then. */
  readonly checkMs: number
}

export interface BlockRoom {
  readonly bytes: number
  readonly units: number
}

export interface MempoolLimits {
  /** @default 4096 */
  readonly txsMax?: number
  /** @default 64 MiB */
  readonly bytesMax?: number
  /** @default 256 */
  readonly laneTxsMax?: number
}

export interface Mempool {
  readonly size: number
  get(id: Hash): PendingTx | undefined
  pendingInLane(sender: Address, lane: number): number
  firstInLane(sender: Address, lane: number): PendingTx | undefined
  /** The lanes of an account in which something waits, with how much. */
  lanesOf(sender: Address): { lane: number; pending: number }[]
  /** @throws MempoolFullError */
  add(tx: PendingTx): void
  /** What may go into a block, each lane in its order, proofs first. */
  select(room: BlockRoom): PendingTx[]
  remove(id: Hash): void
  /** Removes a transaction and those that build on its sequence. */
  removeFrom(id: Hash): PendingTx[]
}

export function createMempool(limits: MempoolLimits = {}): Mempool {
  const { txsMax = 4096, bytesMax = 64 * 2 ** 20, laneTxsMax = 256 } = limits
  // In order of arrival, which within a lane is that of the sequences.
  const txs = new Map<Hash, PendingTx>()
  const lanes = new Map<string, PendingTx[]>()
  const used = { txs: 0, bytes: 0, generalTxs: 0, generalBytes: 0 }

  function count(tx: PendingTx, sign: 1 | -1): void {
    used.txs += sign
    used.bytes += sign * tx.bytes.length
    if (tx.class !== 'general') return
    used.generalTxs += sign
    used.generalBytes += sign * tx.bytes.length
  }

  function remove(id: Hash): void {
    const tx = txs.get(id)
    if (tx === undefined) return
    txs.delete(id)
    count(tx, -1)
    const key = laneKey(tx.sender, tx.lane)
    const rest = (lanes.get(key) ?? []).filter((other) => other.id !== id)
    if (rest.length === 0) lanes.delete(key)
    else lanes.set(key, rest)
  }

  return {
    get size() {
      return txs.size
    },
    get: (id) => txs.get(id),
    pendingInLane: (sender, lane) => lanes.get(laneKey(sender, lane))?.length ?? 0,
    firstInLane: (sender, lane) => lanes.get(laneKey(sender, lane))?.[0],
    lanesOf(sender) {
      const prefix = `${sender}/`
      return [...lanes]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, queue]) => ({ lane: Number(key.slice(prefix.length)), pending: queue.length }))
    },
    add(tx) {
      const key = laneKey(tx.sender, tx.lane)
      const queue = lanes.get(key) ?? []
      const full = (txCount: number, bytes: number, txLimit: number, byteLimit: number) =>
        txCount + 1 > txLimit || bytes + tx.bytes.length > byteLimit
      if (queue.length >= laneTxsMax) throw new MempoolFullError('too many transactions of this lane are', laneTxsMax)
      if (full(used.txs, used.bytes, txsMax, bytesMax)) throw new MempoolFullError('too many transactions are', txsMax)
      if (tx.class === 'general' && full(used.generalTxs, used.generalBytes, txsMax / 2, bytesMax / 2))
        throw new MempoolFullError('too many transactions are', txsMax / 2)
      txs.set(tx.id, tx)
      lanes.set(key, [...queue, tx])
      count(tx, 1)
    },
    select: (room) => select([...txs.values()], room),
    remove,
    removeFrom(id) {
      const tx = txs.get(id)
      if (tx === undefined) return []
      const removed = (lanes.get(laneKey(tx.sender, tx.lane)) ?? []).filter((other) => other.sequence >= tx.sequence)
      for (const other of removed) remove(other.id)
      return removed
    },
  }
}

/**
 * Proofs first, then the rest within its half, then proofs that stand behind something of their lane. The state machine
 * holds a block to the same halves.
 */
function select(waiting: readonly PendingTx[], room: BlockRoom): PendingTx[] {
  const selected = new Set<PendingTx>()
  const free = { all: { ...room }, general: { bytes: room.bytes / 2, units: room.units / 2 } }
  const passes = [['proving'], ['general'], ['proving', 'general']]
  for (const classes of passes) {
    // A lane stops at the first of its transactions that stays behind: the next one's sequence would have a gap.
    const stopped = new Set<string>()
    for (const tx of waiting) {
      const lane = laneKey(tx.sender, tx.lane)
      if (selected.has(tx) || stopped.has(lane)) continue
      const rooms = tx.class === 'general' ? [free.general, free.all] : [free.all]
      const fits = rooms.every(({ bytes, units }) => tx.bytes.length <= bytes && tx.units <= units)
      if (!classes.includes(tx.class) || !fits) {
        stopped.add(lane)
        continue
      }
      selected.add(tx)
      for (const each of rooms) {
        each.bytes -= tx.bytes.length
        each.units -= tx.units
      }
    }
  }
  return [...selected]
}

function laneKey(sender: Address, lane: number): string {
  return `${sender}/${lane}`
}
