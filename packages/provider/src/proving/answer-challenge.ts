/**
 * One open challenge: prove, check, send, in time. The same challenge gives the same answer, so nothing but what became
 * of it needs to be kept; whether an answer has arrived is the chain's to say.
 */
import type { ChallengeView, PartitionView, TxView } from '@granary/chain/client'
import { GranaryError } from '@granary/errors'
import { profileNamed } from '@granary/proofs/profile'
import { fromHex } from '../sealing/hex.ts'
import { sectorDir } from '../sealing/seal-context.ts'
import { postLane } from '../sectors/lanes.ts'
import { sleep } from '../sectors/sleep.ts'
import { dealsIn, type ProvingContext } from './proving-context.ts'

const RETRY_MS = 500

/** True when the chain has the answer. */
export async function answerChallenge(
  context: ProvingContext,
  view: PartitionView,
  challenge: ChallengeView,
  signal: AbortSignal,
): Promise<boolean> {
  const { posts, deals, head, log } = context
  const { number: partition } = view
  const { epoch: challengeEpoch, deadline } = challenge
  const sectors = challenge.sectors.map(({ number }) => number)
  const dealIds = dealsIn(context, sectors)
  if (posts.opened({ partition, challengeEpoch, deadline, sectors })) {
    const data = { partition, epoch: challengeEpoch, deadline }
    deals.record(dealIds, { type: 'challenged', epoch: challengeEpoch, data })
  }
  // An answer counts up to the deadline's own block, so one sent at the deadline comes too late.
  while (!signal.aborted && head.height() < deadline) {
    try {
      const { tx, bytes, proveMs } = await proveAndSend(context, view, challenge, signal)
      const epoch = tx.height
      posts.closed(partition, challengeEpoch, 'accepted')
      log({ type: 'post:accepted', partition, challengeEpoch, epoch, bytes, proveMs })
      deals.record(dealIds, { type: 'post-accepted', epoch, data: { partition, challengeEpoch, epoch, bytes } })
      return true
    } catch (error) {
      if (signal.aborted) return false
      const code = GranaryError.is(error) ? error.code : 'POST_FAILED'
      const message = Error.isError(error) ? error.message : String(error)
      log({ type: 'post:failed', partition, challengeEpoch, code, message })
      if (await isAnswered(context, partition, challengeEpoch, signal)) {
        posts.closed(partition, challengeEpoch, 'accepted')
        return true
      }
      await sleep(RETRY_MS, signal).catch(() => {})
    }
  }
  return false
}

async function proveAndSend(
  context: ProvingContext,
  { number: partition, profile }: PartitionView,
  challenge: ChallengeView,
  signal: AbortSignal,
): Promise<{ tx: TxView; bytes: number; proveMs: number }> {
  const { queue, lanes, providerId } = context
  const { epoch: challengeEpoch, randomness, count } = challenge
  const result = await queue.run(
    {
      kind: 'post',
      id: `post-${partition}-${challengeEpoch}`,
      line: 'proving',
      urgent: true,
      input: {
        profile: profileNamed(profile).name,
        provider: providerId,
        partition,
        randomness,
        count,
        sectors: challenge.sectors.map(({ number, commR }) => ({ number, commR, dir: sectorDir(context, number) })),
      },
    },
    { signal },
  )
  const bundle = fromHex(result.bundle)
  const body = { provider: providerId, partition, challengeEpoch, skipped: [], bundle }
  const tx = await lanes.send(postLane(partition), 'SubmitPost', body, { signal })
  return { tx, bytes: bundle.length, proveMs: result.proveMs }
}

/** After an error whose message may have arrived all the same. */
async function isAnswered(
  { chain, providerId }: ProvingContext,
  partition: number,
  challengeEpoch: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const views = await chain.partitions(providerId, { signal })
    const challenge = views.find(({ number }) => number === partition)?.challenge
    return challenge?.epoch === challengeEpoch && challenge.answered
  } catch {
    return false
  }
}
