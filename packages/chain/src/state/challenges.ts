/**
 * Challenges of partitions: drawn, answered, missed or void. docs/spec/chain.md section 3.
 *
 * A missed challenge makes the partition faulty. It stays in its slot and is challenged on; the next answer makes it sound
 * again, and it earns from that answer's draw on: the span from the miss to that draw counts as faulted, like the missed
 * span itself, so nothing is ever paid for time that a proof does not cover.
 */
import type { Epoch } from '../messages/index.ts'
import type { BlockContext } from './context.ts'
import { InvariantError } from './errors.ts'
import { unlockCollateral } from './ledger.ts'
import { allowedProfile, answerTimeMaxMs } from './params.ts'
import { membersAt, type PositionedMember, partitionOf, removeMembers, writePartition } from './partitions.ts'
import { type OpenChallenge, type Partition, tables } from './records.ts'
import { drawSlots, partitionsInSlot } from './slots.ts'
import type { StateReader } from './store.ts'
import { firstOf, keyNumber } from './table.ts'

/** Epochs that a beacon round may be late before the challenges of its epoch are given up. */
const BEACON_LATENESS_MAX = 2

export type Outcome = 'answered' | 'missed'

/** Draws the challenges of all epochs whose randomness is there, in their order. */
export function drawChallenges(context: BlockContext): void {
  const { store, height } = context
  const { through } = tables.draws.get(store) ?? { through: 0 }
  for (let epoch = through + 1; epoch <= height; epoch++) {
    const slots = drawSlots(store, context.params, epoch)
    if (slots === undefined && height < epoch + BEACON_LATENESS_MAX) return
    if (slots === undefined) context.emit({ type: 'challenge:void', epoch, reason: 'BEACON_LATE' })
    for (const slot of slots ?? []) challengeSlot(context, slot, epoch)
    tables.draws.put(store, { through: epoch })
  }
}

/** The windows whose last block is this one. */
export function closeDueChallenges(context: BlockContext): void {
  const { store, height, emit } = context
  const due = [...tables.challengeDeadlines.entries(store, [height])]
  for (const { parts } of due) {
    const provider = keyNumber(parts[1])
    const number = keyNumber(parts[2])
    const partition = partitionOf(store, provider, number)
    const challenge = openChallengeOf(partition)
    const place = { provider, partition: number, epoch: challenge.epoch }
    if (isTooSlow(context, partition, challenge)) {
      tables.challengeDeadlines.delete(store, height, provider, number)
      writePartition(context, provider, number, { ...partition, challenge: [] })
      emit({ type: 'challenge:void', ...place, reason: 'CHAIN_SLOW' })
    } else {
      closeChallenge(context, provider, number, 'missed')
      emit({ type: 'post:missed', ...place })
    }
  }
}

/** Past the time in which a replica could have been made anew, an answer proves nothing, and its lack neither. */
export function isTooSlow(context: BlockContext, partition: Partition, challenge: OpenChallenge): boolean {
  const profile = allowedProfile(context.params, partition.profile)
  const maxMs = profile === undefined ? undefined : answerTimeMaxMs(profile)
  return maxMs !== undefined && context.timeMs - challenge.drawnAtMs > maxMs
}

/** Decides the span since the challenge before, and lets the sectors go whose time was over. */
export function closeChallenge(context: BlockContext, provider: number, number: number, outcome: Outcome): void {
  const { store, height } = context
  const partition = partitionOf(store, provider, number)
  const challenge = openChallengeOf(partition)
  const missed = outcome === 'missed'
  const faulted = missed || partition.faulty
  if (partition.lastJoinedAt > partition.closedFrozenAt) {
    tables.firstChallenges.put(store, provider, number, challenge.frozenAt, { epoch: challenge.epoch, missed })
  }
  const faultedNow = faulted && partition.closedEpoch > 0 ? challenge.epoch - partition.closedEpoch : 0
  if (faultedNow > 0) {
    const span = { start: partition.closedEpoch, before: partition.faultedEpochs }
    tables.faultedSpans.put(store, provider, number, challenge.epoch, span)
  }
  tables.challengeDeadlines.delete(store, challenge.deadline, provider, number)
  writePartition(context, provider, number, {
    ...partition,
    challenge: [],
    faulty: missed,
    closedEpoch: challenge.epoch,
    closedFrozenAt: challenge.frozenAt,
    provenEpoch: missed ? partition.provenEpoch : [challenge.epoch],
    faultedEpochs: partition.faultedEpochs + faultedNow,
  })
  if (partition.firstExpiry > height) return
  const leaving = membersAt(store, provider, number, challenge.frozenAt).filter((member) => member.expiry <= height)
  // A sector whose first challenge this was is not touched by what the partition missed before it.
  const isProven = (member: PositionedMember): boolean =>
    !missed && (!faulted || member.joinedAt > partition.closedFrozenAt)
  for (const member of leaving)
    endSector(context, provider, member, { from: challenge.epoch, proven: isProven(member) })
  if (leaving.length > 0) removeMembers(context, provider, number, leaving)
}

export function openChallengeOf(partition: Partition): OpenChallenge {
  const [challenge] = partition.challenge
  if (challenge === undefined) throw new InvariantError('a partition without an open challenge has a deadline')
  return challenge
}

function challengeSlot(context: BlockContext, slot: number, epoch: Epoch): void {
  for (const { provider, partition } of partitionsInSlot(context.store, slot)) {
    openChallenge(context, provider, partition, epoch)
  }
}

function openChallenge(context: BlockContext, provider: number, number: number, epoch: Epoch): void {
  const { store, params, emit } = context
  const partition = partitionOf(store, provider, number)
  const frozenAt = epoch - params.cutoff
  if (partition.challenge.length > 0 || !hasMembersAt(store, provider, number, frozenAt)) return
  const profile = allowedProfile(params, partition.profile)
  const drawn = tables.epochs.get(store, epoch)
  if (profile === undefined || drawn === undefined) {
    throw new InvariantError(`partition ${number} of provider ${provider} cannot be challenged at ${epoch}`)
  }
  const deadline = epoch + params.responseWindows[profile.name]
  tables.challengeDeadlines.put(store, deadline, provider, number, {})
  writePartition(context, provider, number, {
    ...partition,
    challenge: [{ epoch, frozenAt, deadline, drawnAtMs: drawn.timeMs }],
  })
  emit({ type: 'challenge:opened', provider, partition: number, epoch, deadline })
}

function hasMembersAt(store: StateReader, provider: number, partition: number, epoch: Epoch): boolean {
  const first = firstOf(tables.members.entries(store, [provider, partition]))
  return first !== undefined && first.value.joinedAt <= epoch
}

function endSector(
  context: BlockContext,
  provider: number,
  member: PositionedMember,
  tail: { readonly from: Epoch; readonly proven: boolean },
): void {
  const { store, emit } = context
  const sector = tables.sectors.get(store, provider, member.number)
  if (sector === undefined) throw new InvariantError(`sector ${provider}/${member.number} is listed and unknown`)
  unlockCollateral(store, provider, sector.pledge)
  tables.sectors.put(store, provider, member.number, { ...sector, status: 'ended', pledge: 0n, tail: [tail] })
  emit({ type: 'sector:expired', provider, sector: member.number, reason: 'EXPIRED' })
}
