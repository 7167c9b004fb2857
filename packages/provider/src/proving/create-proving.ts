/**
 * Keeps a provider's partitions proven, on threads of its own and without the queue. Challenges are told by the chain's
 * events; asking which are open finds those that were drawn while this process was down or heard nothing: a few times a
 * response window, and seldom while all events are heard and nothing is at work. What is asked does not grow with the sectors: of a partition its members come with its challenge
 * alone, and the more partitions there are the longer are the pauses between two looks at all of them.
 */
import type { DatabaseSync } from 'node:sqlite'
import { GranaryError, sleep } from '@granary/base'
import type { ChallengeKind, OpenChallengeView, PartitionPlace } from '@granary/protocol/client'
import type { ChainFollower } from '../chain/follow-chain.ts'
import { describeError } from '../describe-error.ts'
import { answerChallenge } from './answer-challenge.ts'
import { closeChallenges, missChallenge } from './close-challenges.ts'
import { createComparison } from './comparison.ts'
import { keepSectors } from './keep-sectors.ts'
import { createLateWrites } from './late-writes.ts'
import { leaveVolumes } from './leave-volumes.ts'
import { createPostStore } from './post-store.ts'
import type { Prover } from './prover.ts'
import { dealsIn, type ProvingContext } from './proving-context.ts'
import { openReadiness } from './readiness.ts'
import { requestRecoveries } from './request-recoveries.ts'
import { retireSectors } from './retire-sectors.ts'
import { openScrubRecord } from './scrub-record.ts'
import { type ScrubPace, scrubReplicas } from './scrub-replicas.ts'
import { createSectorHealth } from './sector-health.ts'
import { settleDeals } from './settle-deals.ts'
import { topUpOrders } from './top-up-orders.ts'

export interface Proving {
  run(signal: AbortSignal): Promise<void>
  /** Looks for challenges now. */
  check(): void
}

const POLL_MIN_MS = 2_000
const POLL_MAX_MS = 60_000
/** Between two looks at all partitions, for each of them: of ten thousand bytes a second it is an answer's share. */
const LOOK_MS_A_PARTITION = 35
/** Between two comparisons of members, for each of those that were compared: as many bytes a second. */
const COMPARE_MS_A_MEMBER = 12
/** So often within the response window the open challenges are asked for. */
const POLLS_A_WINDOW = 3

export interface CreateProvingInput extends Omit<ProvingContext, 'posts' | 'late' | 'health' | 'readiness' | 'prover'> {
  readonly prover: Prover
  /** Where what is known of the partitions' readiness is kept. */
  readonly readinessPath: string
  /** Where it is kept when each replica was last read whole. */
  readonly scrubPath: string
  readonly scrubPace?: ScrubPace
  readonly db: DatabaseSync
  readonly follower: Pick<ChainFollower, 'listen' | 'heard'>
}

export function createProving({
  db,
  follower,
  readinessPath,
  scrubPath,
  scrubPace,
  ...input
}: CreateProvingInput): Proving {
  const posts = createPostStore(db)
  const late = createLateWrites(input)
  const health = createSectorHealth(input.alerts)
  const readiness = openReadiness(readinessPath, input.alerts)
  const context: ProvingContext = { ...input, prover: leaveVolumes(input.prover), posts, late, health, readiness }
  const { chain, providerId, head, log, folder, prover } = context
  const answering = new Map<string, Promise<void>>()
  const comparison = createComparison()
  const settledAt = new Map<number, number>()
  /** Named by an event since the last look. */
  const ended = new Set<number>()
  let wake = (): void => {}
  /** No challenge is open, and the last look at all partitions found nothing that is still to end. */
  let isSettled = false
  let isUnanswered = true
  let housekeeping: Promise<void> | undefined
  let lookAtMs = 0
  /** From one look to the next. */
  let paceMs = POLL_MIN_MS
  let compareAtMs = 0
  let pollMs: number | undefined

  follower.listen({
    onEvent: (event) => {
      if (!('provider' in event) || event.provider !== providerId || event.type.startsWith('deal:')) return
      if (event.type === 'post:missed' || event.type === 'recovery:missed') {
        missChallenge(context, event.partition, event.epoch)
      }
      if (event.type === 'sector:expired' || event.type === 'sector:terminated') ended.add(event.sector)
      if (event.type === 'challenge:opened' || event.type === 'recovery:opened') {
        lookLater()
        wake()
      } else lookAgain()
    },
    onGap: () => {
      comparison.restart()
      lookAgain()
    },
  })

  /** A challenge is answered first; what is left to do after it is in no hurry. */
  function lookLater(): void {
    if (!isSettled) return
    isSettled = false
    lookAtMs = Math.max(lookAtMs, Date.now() + paceMs)
  }

  function lookAgain(): void {
    isSettled = false
    wake()
  }

  async function checkOnce(signal: AbortSignal): Promise<void> {
    isUnanswered = true
    const challenges = await chain.challenges(providerId, { signal })
    isUnanswered = challenges.some(({ deadline }) => deadline > head.height())
    for (const open of challenges) {
      if (open.deadline <= head.height()) continue
      const key = keyOf(open)
      if (answering.has(key)) continue
      const done = answer({ provider: providerId, partition: open.partition }, open.kind, signal)
        .catch((error) => (signal.aborted ? undefined : report(error)))
        .finally(() => {
          answering.delete(key)
          lookLater()
        })
      answering.set(key, done)
    }
    // Never in the way of the next challenge.
    const isDue = Date.now() >= (isSettled ? lookAtMs - paceMs + POLL_MAX_MS : lookAtMs)
    if (housekeeping === undefined && isDue)
      housekeeping = lookAtAll(signal)
        .catch((error) => (signal.aborted ? undefined : report(error)))
        .finally(() => {
          housekeeping = undefined
        })
  }

  async function lookAtAll(signal: AbortSignal): Promise<void> {
    lookAtMs = Date.now() + POLL_MIN_MS
    isSettled = true
    try {
      if (!(await lookAtPartitions(signal))) isSettled = false
    } catch (error) {
      isSettled = false
      throw error
    }
  }

  /** @returns whether nothing is left of which another look would find the end */
  async function lookAtPartitions(signal: AbortSignal): Promise<boolean> {
    const seenAt = head.height()
    const partitions = await chain.partitions(providerId, { signal })
    paceMs = Math.max(POLL_MIN_MS, partitions.length * LOOK_MS_A_PARTITION)
    lookAtMs = Date.now() + paceMs
    const isWhole = partitions.every(({ sound, sectors }) => sound === sectors)
    const isClosed = closeChallenges(context, partitions)
    await requestRecoveries(context, partitions, seenAt, signal).catch((error) =>
      signal.aborted ? undefined : report(error),
    )
    const named = [...ended]
    ended.clear()
    const living = partitions.map(({ number }) => number)
    const retire = async (compare: readonly number[]): Promise<void> => {
      for (const number of await retireSectors(context, { named, living, compare }, signal)) ended.add(number)
    }
    if (Date.now() < compareAtMs) await retire([])
    else
      await comparison.next(living, async (compare) => {
        const members = partitions.filter(({ number }) => compare.includes(number)).map(({ sectors }) => sectors)
        compareAtMs = Date.now() + COMPARE_MS_A_MEMBER * members.reduce((sum, count) => sum + count, 0)
        await retire(compare)
      })
    return isWhole && isClosed && ended.size === 0 && context.store.uncleaned().length === 0
  }

  async function answer(place: PartitionPlace, kind: ChallengeKind, signal: AbortSignal): Promise<void> {
    const challenge = await chain.challenge(place, kind, { signal }).catch((error: unknown) => {
      if (GranaryError.is(error) && error.code === 'CHALLENGE_NOT_OPEN') return undefined
      throw error
    })
    if (challenge === undefined) return
    const proven = await answerChallenge(context, challenge, signal)
    if (!proven || !(await isSettlingTime(place.partition, signal))) return
    const sectors = challenge.sectors.map(({ number }) => number)
    const views = await settleDeals(context, dealsIn(context, sectors), signal)
    await topUpOrders(context, views, signal)
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

  /** A node that is away is asked again soon. */
  async function pauseMs(signal: AbortSignal): Promise<number> {
    try {
      pollMs ??= await pollPauseMs(context, signal)
    } catch {
      signal.throwIfAborted()
    }
    // A look that is under way may find that nothing is settled.
    if (isSettled && housekeeping === undefined && !isUnanswered && follower.heard() !== undefined) return POLL_MAX_MS
    return Math.min(pollMs ?? POLL_MIN_MS, Math.max(POLL_MIN_MS, lookAtMs - Date.now()))
  }

  return {
    check: lookAgain,
    run: async (signal) => {
      const keeping = keepSectors(context, signal)
      const record = openScrubRecord(scrubPath)
      const isAnswering = (): boolean => answering.size > 0
      const pace = scrubPace === undefined ? {} : { pace: scrubPace }
      const scrubbing = scrubReplicas(context, { record, isAnswering, ...pace }, signal)
      // What is damaged gets declared, and is asked back when it is mended.
      const unlisten = health.onChange(lookAgain)
      while (!signal.aborted) {
        const { promise: woken, resolve } = Promise.withResolvers<void>()
        wake = resolve
        try {
          await checkOnce(signal)
        } catch (error) {
          if (!signal.aborted) report(error)
        }
        await Promise.race([woken, sleep(await pauseMs(signal).catch(() => 0), signal).catch(() => {})])
      }
      unlisten()
      await Promise.allSettled([...answering.values(), housekeeping, keeping, scrubbing])
      await prover.stop()
    },
  }
}

function keyOf({ partition, kind, epoch }: OpenChallengeView): string {
  return `${partition}-${kind}-${epoch}`
}

/** A part of the shortest window that this provider's sectors have. */
async function pollPauseMs(context: ProvingContext, signal: AbortSignal): Promise<number> {
  const { chain, store, profile, profiles: own } = context
  const [{ blockTimeMs }, { profiles }] = await Promise.all([chain.status({ signal }), chain.params({ signal })])
  // Also of those that new sectors do not get any more: what there is of them is proven.
  const names = new Set<string>([profile.name, ...own.map(({ name }) => name), ...store.profiles()])
  const windows = profiles.filter(({ name }) => names.has(name)).map((each) => each.responseWindow)
  const responseWindow = windows.length === 0 ? 0 : Math.min(...windows)
  return Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, (responseWindow * blockTimeMs) / POLLS_A_WINDOW))
}
