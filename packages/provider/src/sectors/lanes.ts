/**
 * Sends the daemon's messages, each in a lane of its own kind: sequences are strict within a lane, so a message that is
 * stuck holds back its own lane and nothing else, least of all a proof of spacetime. Within this process the messages of a
 * lane go one after the other.
 */
import { type ChainClient, sendMessage, type TxView } from '@granary/protocol/client'
import type { MessageBodies, Signer, TransactionName } from '@granary/protocol/messages'
import type { Outbox, OutgoingMessage } from '../chain/outbox.ts'
import { createKeyedLock } from '../storage/keyed-lock.ts'

export interface LaneOptions extends Pick<OutgoingMessage<TransactionName>, 'undoneAt'> {
  readonly signal: AbortSignal
}

export interface Lanes {
  send<N extends TransactionName>(lane: number, kind: N, body: MessageBodies[N], options: LaneOptions): Promise<TxView>
}

// Lanes 0 and 3 are of what the provider says of itself (chain/own-lane.ts).
export const settleLane = 1
export const orderLane = 2
const SECTOR_LANES = 16
const SECTOR_LANE_FIRST = 16
// Behind general messages' own: half of the others for answers, so that nothing stands before one but one of its partition.
const POST_LANE_FIRST = 1_024
const PARTITION_LANES = (2 ** 16 - POST_LANE_FIRST) / 2
const REQUEST_LANE_FIRST = POST_LANE_FIRST + PARTITION_LANES

export function sectorLane(sectorNumber: number): number {
  return SECTOR_LANE_FIRST + (sectorNumber % SECTOR_LANES)
}

/** Of answers to the challenges of a partition, and of nothing else. */
export function postLane(partition: number): number {
  return POST_LANE_FIRST + (partition % PARTITION_LANES)
}

/** Of declarations and requests about a partition. */
export function requestLane(partition: number): number {
  return REQUEST_LANE_FIRST + (partition % PARTITION_LANES)
}

/** @param outbox: of all that is no proof */
export function createLanes({
  chain,
  signer,
  outbox,
}: {
  chain: ChainClient
  signer: Signer
  outbox: Pick<Outbox, 'send'>
}): Lanes {
  const lock = createKeyedLock()
  return {
    send: (lane, kind, body, { undoneAt, ...options }) =>
      lock.run(String(lane), () =>
        // By what it is: requests about a partition have lanes behind those of its proofs.
        kind === 'SubmitPost'
          ? sendMessage({ chain, signer, kind, body, lane }, options)
          : outbox.send(
              { signer, lane, kind, body, subject: subjectOf(body), ...(undoneAt === undefined ? {} : { undoneAt }) },
              options,
            ),
      ),
  }
}

/** The expiry of a sector is chosen anew for each sending, and its proof is large: its number says what it is. */
function subjectOf(body: MessageBodies[TransactionName]): string {
  if ('sectors' in body) {
    return body.sectors.map((sector) => (typeof sector === 'object' ? sector.number : sector)).join(',')
  }
  if ('number' in body) return String(body.number)
  return 'deals' in body ? JSON.stringify(body.deals) : JSON.stringify(body)
}
