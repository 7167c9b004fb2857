/**
 * SubmitPost: the answer to an open challenge, or to that of a request to recover, for exactly the frozen list, once.
 * Of the proving class, and the only message that may use all of a block; so it must be right before it enters one.
 *
 * Signed by the owner or its session key.
 * Costs `feeProving`, whatever its size; burns the fee of what it skips, whose sectors are faulty from then on.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), an answer to no open challenge (CHALLENGE_NOT_OPEN) or on a
 * chain that was too slow for it (CHALLENGE_TOO_SLOW), positions that may not be skipped, in a recovery any
 * (SKIPS_INVALID), skips for which the provider has neither collateral nor vesting (SKIP_NOT_COVERED), or its session key
 * no limit (SPENDING_LIMIT_REACHED), another length than the implied one (BUNDLE_LENGTH_WRONG), a proof that is wrong
 * (POST_INVALID): all that before a block, and a block that holds one is refused.
 */
import { profileNamed } from '@granary/proofs/profile'
import { areSkips, type PostChallenge, postBundleBytes, skipsMax } from '@granary/proofs/verify'
import type { MessageBodies } from '@granary/protocol/messages'
import type { OpenChallenge, OpenRecovery, Partition } from '@granary/protocol/records'
import { requireOwner } from '../access/require-provider.ts'
import { isTooLate } from '../proving/answer-time.ts'
import { closeChallenge } from '../proving/challenges.ts'
import { membersAt, type PositionedMember } from '../proving/partitions.ts'
import { draw, entropyOf } from '../proving/randomness.ts'
import { acceptRecovery, RECOVERY_SAMPLES, recoveryMembers } from '../proving/recoveries.ts'
import { requirePartition } from '../proving/require-sector.ts'
import { requireCoveredSkips, skipSectors } from '../proving/skips.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { InvariantError, TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const submitPost: Effect<'SubmitPost'> = (context, body) => {
  const { provider, partition, challengeEpoch: epoch, skipped, bundle } = body
  const answer = checkAnswer(context, body)
  const { sectors, skipFee, isRecovery } = answer
  verifyAnswer(context, body, answer)
  if (isRecovery) acceptRecovery(context, provider, partition)
  else {
    const left = skipped.map((position) => sectors[position]!)
    skipSectors(context, { provider, partition }, left, skipFee)
    closeChallenge(context, provider, partition, 'answered')
  }
  context.emit({
    type: isRecovery ? 'recovery:accepted' : 'post:accepted',
    provider,
    partition,
    epoch,
    sectors: sectors.length - skipped.length,
    bytes: bundle.length,
  })
}

export const submitPostClaims: Claims<'SubmitPost'> = {
  subject: ({ store }, { provider, partition, challengeEpoch: epoch }) => {
    const record = tables.partitions.get(store, provider, partition)
    const open = [record?.challenge, record?.recovery].find((each) => each?.epoch === epoch)
    return open && { type: 'answer', provider, partition, epoch, deadline: open.deadline }
  },
}

interface Answered {
  readonly partition: Partition
  /** The partition's own challenge; undefined when the challenge is that of a request to recover. */
  readonly regular: OpenChallenge | undefined
  readonly open: OpenChallenge | OpenRecovery
}

interface OpenAnswer {
  readonly challenge: PostChallenge
  readonly sectors: readonly PositionedMember[]
  readonly skipFee: bigint
  readonly isRecovery: boolean
}

/** Verifies the proof of an answer that is right in all else. @throws TxError */
export function verifyAnswer(
  context: TxContext,
  body: MessageBodies['SubmitPost'],
  { challenge, sectors }: OpenAnswer,
): void {
  const { skipped, bundle } = body
  const verdict = context.checks.post({ ...challenge, sectors, skipped, bundle })
  if (verdict.ok) return
  throw new TxError('POST_INVALID', {
    message: `the proof of partition ${body.provider}/${body.partition} is refused: ${verdict.reason}`,
    hint: 'prove the list of the challenge over its randomness',
  })
}

/** The challenge that it answers, which is open and of a provider of the sender. @throws TxError */
export function openChallenge(context: TxContext, body: MessageBodies['SubmitPost']): Answered {
  const { store, height } = context
  const { provider, partition: number, challengeEpoch: epoch } = body
  requireOwner(context, provider)
  const partition = requirePartition(store, provider, number)
  const regular = partition.challenge?.epoch === epoch ? partition.challenge : undefined
  const recovery = partition.recovery?.epoch === epoch ? partition.recovery : undefined
  const open = regular ?? recovery
  if (open === undefined || height > open.deadline || height <= open.openedAt) {
    throw new TxError('CHALLENGE_NOT_OPEN', {
      message: `partition ${provider}/${number} has no open challenge of epoch ${epoch}`,
      hint: 'answer the challenge that the partition has now; each is answered once, within its window',
    })
  }
  return { partition, regular, open }
}

/** Checks all that can be checked without verifying the proof. @throws TxError */
export function checkAnswer(context: TxContext, body: MessageBodies['SubmitPost']): OpenAnswer {
  const { store, params } = context
  const { provider, partition: number, challengeEpoch: epoch, skipped, bundle } = body
  const { partition, regular, open } = openChallenge(context, body)
  if (isTooLate(context, partition, open)) {
    throw new TxError('CHALLENGE_TOO_SLOW', {
      message: `the challenge of epoch ${epoch} is too old for an answer: a replica could have been made anew since`,
      hint: 'wait for the next one: it is void, and drawn again soon, if fewer than five blocks came in time, else missed',
    })
  }
  const tag = regular === undefined ? 'RECOVERY' : 'POST'
  const randomness = draw(store, tag, epoch, entropyOf(provider, number))
  if (randomness === undefined) throw new InvariantError(`the randomness of challenge ${epoch} is gone`)
  const profile = profileNamed(partition.profile)
  const sectors =
    regular === undefined
      ? recoveryMembers(store, provider, number)
      : membersAt(store, provider, number, regular.frozenAt)
  const count = regular === undefined ? params.postSamples * RECOVERY_SAMPLES : params.postSamples
  const challenge = { profile, provider, partition: number, randomness, count }
  if (!areSkips(challenge, sectors.length, skipped) || (regular === undefined && skipped.length > 0)) {
    throw new TxError('SKIPS_INVALID', {
      message: `the positions ${skipped.join(', ')} cannot be skipped in the challenge of epoch ${epoch}`,
      hint:
        regular === undefined
          ? 'a recovery is answered in full: request it again for the sectors that can be proven'
          : `skip at most ${skipsMax(count)} positions, in ascending order, each with a sample on it, and prove at least one`,
    })
  }
  const skipFee = requireCoveredSkips(context, provider, partition, sectors, skipped)
  const length = postBundleBytes({ ...challenge, sectors: sectors.length, skipped })
  if (bundle.length !== length) {
    throw new TxError('BUNDLE_LENGTH_WRONG', {
      message: `the proof is ${bundle.length} bytes, this challenge takes ${length}`,
      hint: 'prove exactly the list of the challenge, over its randomness',
    })
  }
  return { challenge, sectors, skipFee, isRecovery: regular === undefined }
}
