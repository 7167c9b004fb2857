/** What CometBFT says of validators in a block, as the state machine is told it. */
import { equalBytes, fromHex, type Hex, toHex } from '@granary/base'
import { encodeRecord } from '@granary/protocol/codec'
import type { Genesis, Seat } from '@granary/protocol/records'
import {
  type RequestFinalizeBlock,
  type RequestProcessProposal,
  ValidatorUpdate,
} from 'cosmjs-types/tendermint/abci/types'
import { BlockIDFlag } from 'cosmjs-types/tendermint/types/validator'
import { type DoubleVote, type EngineReport, engineReport } from '../../state/index.ts'
import { msOf } from './block-time.ts'

/** A vote for no block is one too: who gave it is there. */
export function reportOf(request: RequestProcessProposal | RequestFinalizeBlock): EngineReport {
  // Of the block before, whether this one is proposed or decided.
  const { votes } = 'decidedLastCommit' in request ? request.decidedLastCommit : request.proposedLastCommit
  const absent = votes
    .filter(({ blockIdFlag }) => blockIdFlag === BlockIDFlag.BLOCK_ID_FLAG_ABSENT)
    .map(({ validator }): Hex => toHex(validator.address))
  // An attack on light clients is one more way to vote for two blocks of a height.
  const doubleVotes = request.misbehavior.map(
    ({ validator, height, time }): DoubleVote => ({
      validator: toHex(validator.address),
      height: Number(height),
      timeMs: msOf(time),
    }),
  )
  return { absent, doubleVotes }
}

export function updateOf({ publicKey, power }: Seat): ValidatorUpdate {
  return ValidatorUpdate.fromPartial({ pubKey: { ed25519: publicKey }, power: BigInt(power) })
}

export function isSameReport(one: EngineReport, other: EngineReport): boolean {
  return equalBytes(encodeRecord(engineReport, one), encodeRecord(engineReport, other))
}

/**
 * What CometBFT is told by the first block behind those that one validator has signed alone. It begins with that one, whose votes
 * readers follow, and others may have bonded while nobody voted.
 * @param seated before the block @param changes of the block
 */
export function seatsAtBegin(genesis: Genesis, seated: readonly Seat[], changes: readonly Seat[]): readonly Seat[] {
  const begun = genesis.validators.map((key): Seat => ({ publicKey: fromHex(key), power: 0 }))
  const all = new Map([...begun, ...seated, ...changes].map((seat) => [toHex(seat.publicKey), seat]))
  return [...all].flatMap(([key, seat]) => (seat.power > 0 || genesis.validators.includes(key) ? seat : []))
}
