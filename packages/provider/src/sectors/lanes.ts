/**
 * Sends the daemon's messages, each in a lane of its own kind: sequences are strict within a lane, so a message that is
 * stuck holds back its own lane and nothing else, least of all a proof of spacetime. Within this process the messages of a
 * lane go one after the other.
 */
import { type ChainClient, sendMessage, type TxView } from '@granary/chain/client'
import type { MessageBodies, Signer, TransactionName } from '@granary/chain/messages'
import { createKeyedLock } from '../storage/keyed-lock.ts'

export interface Lanes {
  send<N extends TransactionName>(
    lane: number,
    kind: N,
    body: MessageBodies[N],
    options: { signal: AbortSignal },
  ): Promise<TxView>
}

// Lane 0 is the owner's: asks, collateral, and whatever is sent by hand.
export const settleLane = 1
const SECTOR_LANES = 16
const SECTOR_LANE_FIRST = 16
const POST_LANE_FIRST = 1_024
const POST_LANES = 2 ** 16 - POST_LANE_FIRST

export function sectorLane(sectorNumber: number): number {
  return SECTOR_LANE_FIRST + (sectorNumber % SECTOR_LANES)
}

export function postLane(partition: number): number {
  return POST_LANE_FIRST + (partition % POST_LANES)
}

export function createLanes({ chain, signer }: { chain: ChainClient; signer: Signer }): Lanes {
  const lock = createKeyedLock()
  return {
    send: (lane, kind, body, options) =>
      lock.run(String(lane), () => sendMessage({ chain, signer, kind, body, lane }, options)),
  }
}
