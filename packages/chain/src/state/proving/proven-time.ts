/**
 * What the beacon says of the time: no header is ever more than `clockLead` ahead of the newest round on the chain, so that
 * no clock that is wrong can end a deposit, a deal or a fault before its time. docs/spec/chain.md section 6. A devnet signs
 * its rounds itself, whenever it likes, and is not held to it.
 */

import type { Genesis } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import { BlockInvalidError, InvariantError } from '../store/errors.ts'
import { readParams } from '../store/head.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { roundTimeMs } from './beacon.ts'

/** Notes that a verified round is on the chain, and what time it proves. */
export function proveTime({ store, genesis, height }: BlockContext, round: number): void {
  const record = tables.epochs.get(store, height)
  if (record === undefined) throw new InvariantError(`block ${height} has no epoch`)
  const provenMs = Math.max(record.provenMs, roundTimeMs(genesis, round))
  tables.epochs.put(store, height, { ...record, provenMs })
}

/**
 * Whether the block may bring this round only to prove its time: more than half of the lead is used up, and the round is
 * newer.
 */
export function isClockRound(context: BlockContext, round: number): boolean {
  const { store, genesis, params, height, timeMs } = context
  const provenMs = provenMsAt(store, height)
  const isNeeded = timeMs > provenMs + params.clockLeadMs / 2
  return !genesis.devnet && isNeeded && roundTimeMs(genesis, round) > provenMs
}

/** To be called when the rounds of the block have been taken. @throws BlockInvalidError */
export function checkTime({ store, genesis, params, height, timeMs }: BlockContext): void {
  const latestMs = provenMsAt(store, height) + params.clockLeadMs
  if (genesis.devnet || timeMs <= latestMs) return
  throw new BlockInvalidError(
    `the time of block ${height} is ${timeMs - latestMs} ms beyond what the beacon has proven`,
  )
}

/** The latest time that the next block can have. @param newestRound that it could bring; undefined: none */
export function latestBlockTimeMs(
  reader: StateReader,
  genesis: Pick<Genesis, 'beacon' | 'devnet'>,
  newestRound: number | undefined,
): number {
  if (genesis.devnet) return Number.POSITIVE_INFINITY
  const { height } = tables.head.get(reader) ?? { height: 0 }
  const broughtMs = newestRound === undefined ? 0 : roundTimeMs(genesis, newestRound)
  return Math.max(provenMsAt(reader, height), broughtMs) + readParams(reader).clockLeadMs
}

function provenMsAt(reader: StateReader, height: number): number {
  const record = tables.epochs.get(reader, height)
  if (record === undefined) throw new InvariantError(`block ${height} has no epoch`)
  return record.provenMs
}
