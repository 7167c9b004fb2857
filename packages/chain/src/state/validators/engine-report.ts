/**
 * What an engine with several validators says of them beside a block's transactions. It is part of what a block does, so it is
 * stored with it, and its header is bound to it: to the votes for the block before, and to the evidence. docs/spec/chain.md section 9.
 */
import { address, epochs, list, type Struct, struct, uint } from '@granary/protocol/codec'
import type { Address, Epoch } from '@granary/protocol/messages'

export interface DoubleVote {
  readonly validator: Address
  /** At which it voted twice. */
  readonly height: Epoch
  /** Header time of that height. */
  readonly timeMs: number
}

export interface EngineReport {
  /** Of the set, those that have not voted for the block before. */
  readonly absent: readonly Address[]
  readonly doubleVotes: readonly DoubleVote[]
}

const VALIDATORS_MAX = 1_000
/** Far more than the bytes of CometBFT's evidence in a block can hold. */
const DOUBLE_VOTES_MAX = 10_000

export const engineReport: Struct<EngineReport> = struct<EngineReport>('EngineReport', {
  absent: list(address, { max: VALIDATORS_MAX }),
  doubleVotes: list(struct<DoubleVote>('DoubleVote', { validator: address, height: epochs, timeMs: uint(53) }), {
    max: DOUBLE_VOTES_MAX,
  }),
})
