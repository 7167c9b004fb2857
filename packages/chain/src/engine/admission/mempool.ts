/** Where transactions wait for a block, as the way in sees it. */
import type { Address, Hash } from '@granary/protocol/messages'
import type { Dropped, PendingTx } from './pending-tx.ts'

export interface Mempool {
  get(id: Hash): PendingTx | undefined
  /** How many wait in the lane, or of them before a sequence. */
  pendingInLane(sender: Address, lane: number, before?: number): number
  /** Whether it would be taken. @throws what `add` throws */
  check(tx: PendingTx): void
  /** @returns those that leave for it */
  add(tx: PendingTx): Dropped[]
}
