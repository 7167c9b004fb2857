/**
 * Keeps a provider's partitions proven, on threads of its own and without the queue. Challenges are told by the chain's
 * events; asking for the partitions every few blocks finds those whose event was lost, or that were drawn while this
 * process was down.
 */
import type { DatabaseSync } from 'node:sqlite'
import { sleep } from '@granary/base'
import type { PartitionView } from '@granary/protocol/client'
import type { ChainFollower } from '../chain/follow-chain.ts'
import { describeError } from '../describe-error.ts'
import { answerChallenge } from './answer-challenge.ts'
import { closeChallenges, missChallenge } from './close-challenges.ts'
import { keepSectors } from './keep-sectors.ts'
import { createLateWrites } from './late-writes.ts'
import { createPostStore } from './post-store.ts'
import { createProver } from './prover.ts'
import { dealsIn, type ProvingContext } from './proving-context.ts'
import { requestRecoveries } from './request-recoveries.ts'
import { retireSectors } from './retire-sectors.ts'
import { createSectorHealth } from './sector-health.ts'
import { settleDeals } from './settle-deals.ts'

export interface Proving {
  run(signal: AbortSignal): Promise<void>
  /** Looks for challenges now. */
  check(): void
}

/** A third of the shortest response window of any chain would do; this is well below. */
const POLL_MS = 2_000

export interface CreateProvingInput extends Omit<ProvingContext, 'posts' | 'late' | 'prover' | 'health'> {
  readonly db: DatabaseSync
  readonly follower: Pick<ChainFollower, 'listen'>
}

export function createProving({ db, follower, ...input }: CreateProvingInput): Proving {
  const posts = createPostStore(db)
  const prover = createProver()
  const late = createLateWrites(input)
  const health = createSectorHealth(input.alerts)
  const context: ProvingContext = { ...input, posts, prover, late, health }
  const { chain, providerId, head, log, folder } = context
  const answering = new Map<string, Promise<void>>()
  const settledAt = new Map<number, number>()
  let wake = (): void => {}
  let housekeeping: Promise<void> = Promise.resolve()
  let housekept = true

  follower.listen({
    onEvent: (event) => {
      if (!('provider' in event) || event.provider !== providerId || event.type.startsWith('deal:')) return
      if (event.type === 'post:missed' || event.type === 'recovery:missed') {
        missChallenge(context, event.partition, event.epoch)
      }
      wake()
    },
  })

  async function checkOnce(signal: AbortSignal): Promise<void> {
    const partitions = await chain.partitions(providerId, { signal })
    const open = partitions.flatMap((view) => [view.challenge, view.recovery].map((challenge) => ({ view, challenge })))
    for (const { view, challenge } of open) {
      if (challenge === undefined || challenge.answered || challenge.deadline <= head.height()) continue
      const key = `${view.number}-${challenge.epoch}`
      if (answering.has(key)) continue
      const done = answer(view, challenge, signal)
        .catch((error) => (signal.aborted ? undefined : report(error)))
        .finally(() => answering.delete(key))
      answering.set(key, done)
    }
    closeChallenges(context, partitions)
    // Never in the way of the next challenge.
    if (housekept) {
      housekept = false
      housekeeping = requestRecoveries(context, partitions, signal)
        .then(() => retireSectors(context, partitions, signal))
        .catch((error) => (signal.aborted ? undefined : report(error)))
        .finally(() => {
          housekept = true
        })
    }
  }

  async function answer(
    view: PartitionView,
    challenge: NonNullable<PartitionView['challenge']>,
    signal: AbortSignal,
  ): Promise<void> {
    const proven = await answerChallenge(context, view, challenge, signal)
    if (!proven || !(await isSettlingTime(view.number, signal))) return
    const sectors = challenge.sectors.map(({ number }) => number)
    await settleDeals(context, dealsIn(context, sectors), signal)
  }

  /** Once a period and partition; on a devnet, where people watch, after each answer. */
  async function isSettlingTime(partition: number, signal: AbortSignal): Promise<boolean> {
    const [{ height, devnet }, { provingPeriod }] = await Promise.all([
      chain.status({ signal }),
      chain.params({ signal }),
    ])
    const last = settledAt.get(partition)
    if (!devnet && last !== undefined && height - last < provingPeriod) return false
    settledAt.set(partition, height)
    return true
  }

  function report(error: unknown): void {
    log({ type: 'sealing:error', ...describeError(error, folder, 'PROVING_FAILED') })
  }

  return {
    check: () => wake(),
    run: async (signal) => {
      const keeping = keepSectors(context, signal)
      while (!signal.aborted) {
        const { promise: woken, resolve } = Promise.withResolvers<void>()
        wake = resolve
        try {
          await checkOnce(signal)
        } catch (error) {
          if (!signal.aborted) report(error)
        }
        await Promise.race([woken, sleep(POLL_MS, signal).catch(() => {})])
      }
      await Promise.allSettled([...answering.values(), housekeeping, keeping])
      await prover.stop()
    },
  }
}
