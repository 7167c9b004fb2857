/**
 * One open challenge: prove, check, send, in time. The same challenge gives the same answer, so nothing but what became
 * of it needs to be kept, and that is written once the answer has been sent: a full disk never holds one back. Whether an
 * answer has arrived is the chain's to say.
 */

import { GranaryError, sleep } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import type { ChallengeView, TxView } from '@granary/protocol/client'
import { describeError } from '../describe-error.ts'
import { sectorDir } from '../sealing/seal-context.ts'
import { postLane } from '../sectors/lanes.ts'
import type { SpacetimeInput } from './post-job.ts'
import { dealsIn, type ProvingContext } from './proving-context.ts'

const RETRY_MS = 500

export class SectorsDamagedError extends GranaryError {
  constructor(damaged: readonly { readonly number: number; readonly reason: string }[]) {
    const [first] = damaged
    super({
      code: 'SECTORS_DAMAGED',
      message: `${damaged.length} of the sectors asked for do not prove; sector ${first?.number}: ${first?.reason}`,
      hint: 'They are mended where their data allows it. Look at the disk.',
      details: { sectors: damaged.map(({ number }) => number) },
    })
  }
}

/** True when the chain has the answer. */
export async function answerChallenge(
  context: ProvingContext,
  challenge: ChallengeView,
  signal: AbortSignal,
): Promise<boolean> {
  const { posts, deals, head, late, readiness, alerts, log } = context
  const { partition, epoch: challengeEpoch, deadline } = challenge
  const subject = `partition ${partition}`
  const sectors = challenge.sectors.map(({ number }) => number)
  const noteChallenge = (): void => {
    if (!posts.opened({ partition, challengeEpoch, deadline, sectors })) return
    const data = { partition, deadline }
    deals.record(dealsIn(context, sectors), { type: 'challenged', epoch: challengeEpoch, data })
  }
  const noteAnswer = (): void => {
    noteChallenge()
    posts.closed(partition, challengeEpoch, 'accepted')
  }
  // An answer counts up to the deadline's own block, so one sent at the deadline comes too late.
  while (!signal.aborted && head.height() < deadline) {
    try {
      const { tx, bytes, proveMs, skipped } = await proveAndSend(context, challenge, signal)
      const epoch = tx.height
      log({ type: 'post:accepted', partition, challengeEpoch, epoch, bytes, proveMs, skipped })
      alerts.clear('SKIP_NOT_COVERED', subject)
      readiness.answered({ partition, challengeEpoch, deadline, epoch, proveMs, skipped: [...skipped] })
      late.write(() => {
        noteAnswer()
        const data = { partition, challengeEpoch, bytes }
        deals.record(dealsIn(context, sectors), { type: 'post-accepted', epoch, data })
      })
      return true
    } catch (error) {
      if (signal.aborted) return false
      const failure = describeError(error, context.folder, 'POST_FAILED')
      log({ type: 'post:failed', partition, challengeEpoch, ...failure })
      // The one refusal that its owner can do something about while the window is open.
      if (failure.code === 'SKIP_NOT_COVERED') alerts.raise({ ...failure, code: failure.code, subject })
      const fate = await fateOf(context, challenge, signal)
      late.write(fate === 'answered' ? noteAnswer : noteChallenge)
      if (fate !== 'open') return fate === 'answered'
      await sleep(RETRY_MS, signal).catch(() => {})
    }
  }
  return false
}

interface Sent {
  readonly tx: TxView
  readonly bytes: number
  readonly proveMs: number
  /** Numbers of sectors. */
  readonly skipped: readonly number[]
}

async function proveAndSend(context: ProvingContext, challenge: ChallengeView, signal: AbortSignal): Promise<Sent> {
  const { lanes, providerId } = context
  const { partition } = challenge
  const { bundle, proveMs, skipped } = await prove(context, challenge, signal)
  const body = { provider: providerId, partition, challengeEpoch: challenge.epoch, skipped, bundle }
  const tx = await lanes.send(postLane(partition), 'SubmitPost', body, { signal })
  const numbers = skipped.map((position) => challenge.sectors[position]!.number)
  return { tx, bytes: bundle.length, proveMs, skipped: numbers }
}

interface Proof {
  readonly bundle: Uint8Array
  readonly proveMs: number
  /** Positions of the list. */
  readonly skipped: readonly number[]
}

/**
 * In full where that is possible. A sector that does not open its samples may be mended in time, so that is waited for,
 * for a third of the window; then it is skipped, since the others are worth more (ADR 33).
 */
async function prove(context: ProvingContext, challenge: ChallengeView, signal: AbortSignal): Promise<Proof> {
  const { prover, health } = context
  const answer = (skipped: readonly number[]) =>
    prover.answer({ ...spacetimeInput(context, challenge), skipped }, signal)
  const first = await answer([])
  if ('bundle' in first) return { ...first, skipped: [] }
  for (const { number, reason } of first.damaged) health.damaged(number, reason)
  const numbers = first.damaged.map(({ number }) => number)
  await mendedInTime(context, challenge, numbers, signal)
  // Where their folders are is looked up anew: a disk that was silent may have answered.
  const again = await answer([])
  if ('bundle' in again) return { ...again, skipped: [] }
  // A recovery asked for exactly these, and is answered in full or not at all.
  if (challenge.kind === 'recovery') throw new SectorsDamagedError(again.damaged)
  const skipped = again.damaged.map(({ position }) => position)
  const rest = await answer(skipped)
  if ('damaged' in rest) throw new SectorsDamagedError(rest.damaged)
  return { ...rest, skipped }
}

function spacetimeInput(
  context: ProvingContext,
  { partition, profile, randomness, count, sectors }: ChallengeView,
): Omit<SpacetimeInput, 'skipped'> {
  return {
    profile: profileNamed(profile).name,
    provider: context.providerId,
    partition,
    randomness,
    count,
    sectors: sectors.map(({ number, commR }) => ({ number, commR, dir: sectorDir(context, number) })),
  }
}

async function mendedInTime(
  { health, head }: ProvingContext,
  { epoch, deadline }: ChallengeView,
  numbers: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController()
  const either = AbortSignal.any([signal, enough.signal])
  const late = epoch + Math.floor((deadline - epoch) / 3)
  await Promise.race([health.whenMended(numbers, either), head.reached(late, either)]).finally(() => enough.abort())
}

/** After an error whose message may have arrived all the same. */
async function fateOf(
  { chain, providerId }: ProvingContext,
  { partition, kind, epoch }: ChallengeView,
  signal: AbortSignal,
): Promise<'answered' | 'open' | 'over'> {
  try {
    const view = await chain.partition(providerId, partition, { signal })
    const isOpen = (kind === 'post' ? view.challenge : view.recovery)?.epoch === epoch
    if (isOpen) return 'open'
    if (kind === 'recovery') return 'answered'
    return view.lastProven !== null && view.lastProven >= epoch ? 'answered' : 'over'
  } catch {
    return 'open'
  }
}
