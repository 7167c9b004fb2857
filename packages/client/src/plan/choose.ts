/**
 * Which providers are better than others, and why. Pure: what is known of them is given. The price decides, as a share of the
 * cheapest; what a provider has shown, on the chain and to this account, and how long it takes to answer are set against it.
 */
import type { ProviderView } from '@granary/protocol/client'
import { type ChainTime, formatEpochs } from '@granary/protocol/epochs'
import { type PieceWanted, type ProviderRefusal, rankProviders } from '../providers/rank-providers.ts'
import type { Candidate } from '../providers/survey-providers.ts'

export interface Choice {
  readonly candidate: Candidate
  /** 100 for the cheapest of which nothing speaks against it. */
  readonly score: number
  /** What raised or lowered the score, in words, the weightiest first. */
  readonly reasons: readonly string[]
}

export interface Chosen {
  /** The best first; the lower id among equals. */
  readonly choices: readonly Choice[]
  readonly refusals: readonly ProviderRefusal[]
}

/** Points of the score: a provider whose sectors are all faulty, or that kept no deal, is as good as one of twice the price. */
const FAULTY_POINTS = 50
const BROKEN_POINTS = 50
/** A point for each half second; less than that says more of this machine than of the provider. */
const LATENCY_STEP_MS = 500
const LATENCY_POINTS_MAX = 10

/** @param now the head of the chain, at which asks hold or have run out */
export function choose(candidates: readonly Candidate[], policy: PieceWanted, now: ChainTime): Chosen {
  const byId = new Map(candidates.map((candidate) => [candidate.view.id, candidate]))
  const views = candidates.map(({ view }) => view)
  const ranked = rankProviders(views, policy, now)
  const refusals = [...ranked.refusals]
  const fitting = ranked.candidates
    .flatMap(({ id }) => byId.get(id) ?? [])
    .filter((candidate) => {
      const { view, info } = candidate
      const { id: provider, name } = view
      const { renewUntil = 0 } = policy
      const { freeBytes, ordersMax = Number.POSITIVE_INFINITY } = info
      if (freeBytes < policy.pieceSize) {
        refusals.push({ provider, name, reason: 'NO_SPACE', message: `it has ${freeBytes} bytes free` })
        return false
      }
      if (renewUntil <= now.height + ordersMax) return true
      const message = `it takes standing orders of ${formatEpochs(ordersMax, now)} or less`
      refusals.push({ provider, name, reason: 'ORDER_TOO_LONG', message })
      return false
    })
  const cheapest = fitting.reduce<bigint | undefined>((least, { view }) => {
    const price = priceOf(view)
    return least === undefined || price < least ? price : least
  }, undefined)
  const choices = fitting.map((candidate) => scored(candidate, cheapest ?? 0n))
  return { choices: choices.sort(bestFirst), refusals }
}

function priceOf({ ask }: ProviderView): bigint {
  return BigInt(ask?.pricePerGiBEpoch ?? 0)
}

function scored(candidate: Candidate, cheapest: bigint): Choice {
  const { view, latencyMs, proofs, experience } = candidate
  const price = priceOf(view)
  const shareBps = price === 0n ? 10_000 : Number((cheapest * 10_000n) / price)
  const deals = experience.kept + experience.broken
  const parts: readonly (readonly [points: number, reason: string])[] = [
    [
      shareBps / 100,
      shareBps === 10_000 ? 'no other is cheaper' : `the cheapest asks ${shareBps / 100} % of its price`,
    ],
    [
      proofs.sectors === 0 ? 0 : (-FAULTY_POINTS * proofs.faulty) / proofs.sectors,
      `${proofs.faulty} of its ${proofs.sectors} sectors are faulty`,
    ],
    [
      deals === 0 ? 0 : (-BROKEN_POINTS * experience.broken) / deals,
      `it did not keep ${experience.broken} of your ${deals} deals`,
    ],
    [-Math.min(LATENCY_POINTS_MAX, Math.floor(latencyMs / LATENCY_STEP_MS)), `it took ${latencyMs} ms to answer`],
  ]
  const weighty = parts.filter(([points]) => points !== 0).sort(([a], [b]) => Math.abs(b) - Math.abs(a))
  return {
    candidate,
    score: Math.round(parts.reduce((sum, [points]) => sum + points, 0) * 100) / 100,
    reasons: weighty.map(([, reason]) => reason),
  }
}

function bestFirst(a: Choice, b: Choice): number {
  return b.score - a.score || a.candidate.view.id - b.candidate.view.id
}
