/** What begins and ends every block, whatever is in it. */

import type { Head, Seat } from '@granary/protocol/records'
import { keyNumber } from '@granary/protocol/records'
import { closeDueProposals } from '../governance/proposals.ts'
import { beginRules } from '../governance/rules-version.ts'
import { assertConserved, burnCollateral, unlockCollateral } from '../money/ledger.ts'
import { earnEpoch, rewardsOf } from '../money/rewards.ts'
import { beaconRoundFor } from '../proving/beacon.ts'
import { closeDueChallenges, drawChallenges } from '../proving/challenges.ts'
import { terminateOldFaults } from '../proving/faults.ts'
import { departDue, releasePlace } from '../proving/partitions.ts'
import { roundsKept } from '../proving/randomness.ts'
import { closeDueRecoveries } from '../proving/recoveries.ts'
import type { BlockContext } from '../store/context.ts'
import { InvariantError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import type { EngineReport } from '../validators/engine-report.ts'
import { holdToReport } from '../validators/hold-to-report.ts'
import { changeSeats } from '../validators/seats.ts'
import { releaseUnbonded } from '../validators/unbonding.ts'

/** Gives the epoch of the block its beacon round and its time, and shares its reward. */
export function beginBlock(context: BlockContext, head: Head): void {
  const { store, genesis, height, timeMs } = context
  const round = beaconRoundFor(genesis, head.timeMs)
  beginRules(context)
  tables.head.put(store, { height, timeMs })
  const provenMs = tables.epochs.get(store, head.height)?.provenMs ?? genesis.timeMs
  earnEpoch(context)
  tables.epochs.put(store, height, { round, timeMs, provenMs, rewardIndex: rewardsOf(store).index })
  if (tables.rounds.get(store, round) === undefined) tables.wantedRounds.put(store, round, {})
}

/**
 * To be called after the transactions. Answers in this block count: windows that end here are closed after them, before new
 * ones are opened.
 */
export function endBlock(context: BlockContext, report: EngineReport | undefined): readonly Seat[] {
  failUnprovenSectors(context)
  closeDueChallenges(context)
  closeDueRecoveries(context)
  terminateOldFaults(context)
  departDue(context)
  drawChallenges(context)
  forgetOldRound(context)
  if (report !== undefined) holdToReport(context, report)
  releaseUnbonded(context)
  const seats = report === undefined ? [] : changeSeats(context)
  closeDueProposals(context)
  assertConserved(context.store)
  return seats
}

/** Sectors that were not proven in time lose their deposit; their deals are free again, as their sector has failed. */
function failUnprovenSectors(context: BlockContext): void {
  const { store, height, emit } = context
  const due = [...tables.commitDeadlines.entries(store, [height])]
  for (const { parts } of due) {
    const provider = keyNumber(parts[1])
    const number = keyNumber(parts[2])
    const sector = tables.sectors.get(store, provider, number)
    const partition = sector?.reservation
    if (sector?.status !== 'precommitted' || partition === undefined) {
      throw new InvariantError(`sector ${provider}/${number} waits for a proof and is ${sector?.status}`)
    }
    releasePlace(context, provider, partition)
    tables.commitDeadlines.delete(store, height, provider, number)
    burnCollateral(store, provider, sector.deposit)
    unlockCollateral(store, provider, sector.pledge)
    tables.sectors.put(store, provider, number, {
      ...sector,
      status: 'failed',
      reservation: undefined,
      deposit: 0n,
      pledge: 0n,
    })
    emit({ type: 'sector:expired', provider, sector: number, reason: 'NOT_PROVEN' })
  }
}

/** Each block forgets one old epoch, and with the last epoch of a round that round too. */
function forgetOldRound({ store, params, height }: BlockContext): void {
  const old = height - roundsKept(params)
  const record = tables.epochs.get(store, old)
  if (record === undefined) return
  tables.epochs.delete(store, old)
  if (tables.epochs.get(store, old + 1)?.round === record.round) return
  tables.rounds.delete(store, record.round)
  tables.wantedRounds.delete(store, record.round)
}
