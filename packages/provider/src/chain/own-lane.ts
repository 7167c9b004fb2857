/**
 * What the provider says of itself to the chain: that it is there, what it is called, its collateral, in lane 0, and its ask, in one
 * of its own. Each thing is said in a turn: all that was said in the lane before, by this run or one that was killed, is in a block
 * or can be in none; then the chain is asked what is missing, and that is said. So it needs no memory of what it wanted
 * (docs/adr/0053-one-outbox.md). Turns of different lanes do not wait for each other (docs/adr/0067-the-ask-has-a-lane.md).
 */
import type { TxView } from '@granary/protocol/client'
import type { MessageBodies, Signer, TransactionName } from '@granary/protocol/messages'
import { createKeyedLock } from '../storage/keyed-lock.ts'
import type { Outbox } from './outbox.ts'

export interface OwnLane {
  /** @param look: reads the chain, and says what is missing there */
  turn<Result>(look: (say: Say) => Promise<Result>, options?: { signal?: AbortSignal | undefined }): Promise<Result>
}

export type Say = <N extends TransactionName>(signer: Signer, kind: N, body: MessageBodies[N]) => Promise<TxView>

/** Registration and collateral, and whatever its owner sends by hand. */
export const ownerLane = 0
// 1 and 2 are in use (sectors/lanes.ts).
export const askLane = 3

export function createOwnLane(outbox: Pick<Outbox, 'send' | 'settleLane'>, number: number): OwnLane {
  const lock = createKeyedLock()
  return {
    turn: (look, { signal = new AbortController().signal } = {}) =>
      lock.run(String(number), async () => {
        await outbox.settleLane(number, { signal })
        return await look((signer, kind, body) =>
          outbox.send({ signer, kind, body, lane: number, subject: signer.address }, { signal }),
        )
      }),
  }
}
