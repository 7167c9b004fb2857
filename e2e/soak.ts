/**
 * Minutes of a market with two providers and puts without end. They come to a hundred sectors, and answer for all of them while
 * they seal and serve; then everything breaks that docs/reliability.md names, one after the other: no deal that was reported is
 * lost, and proofs are missed only where the table says so.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DealView, FollowedEvent } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { eventually } from './kept-provider.ts'
import { redisIsHere } from './redis.ts'
import { mountable } from './small-disk.ts'
import {
  chainFromOldCopy,
  diskFull,
  moneyAway,
  piecesDamaged,
  redisGone,
  sectorDamaged,
  storeFromOldCopy,
  tenKills,
  volumeGone,
} from './soak-faults.ts'
import { expectBack, fetchWhileProving, fillSectors } from './soak-load.ts'
import { type SoakDeal, type SoakMarket, startSoakMarket } from './soak-market.ts'
import { allSound, reportOf } from './soak-report.ts'
import { damagedFiles, dealsOf, eventsSoFar } from './stored-market.ts'
import { everythingOf } from './story.ts'

/** Epochs after a provider or a chain was away in which a challenge of before may still be counted as missed. */
const AFTERMATH = 100
/** A challenge that is drawn up to so many epochs after a declaration still asks for what was declared. */
const CUTOFF = 2
const WITHIN_MS = 180_000

interface Fault {
  readonly name: string
  readonly happen: (market: SoakMarket) => Promise<void>
  /** As docs/reliability.md has it. `undeclared`: what was drawn before the chain took their declaration. */
  readonly mayMissProofs?: true | 'undeclared'
  /** Declared or skipped: those that are damaged. */
  readonly mayFaultSectors?: true
}

const faults: readonly Fault[] = [
  { name: 'an old store', happen: (market) => storeFromOldCopy(market, market.providers[0]), mayMissProofs: true },
  { name: 'an old chain', happen: (market) => chainFromOldCopy(market), mayMissProofs: true },
  { name: 'pieces damaged', happen: (market) => piecesDamaged(market, market.providers[1]) },
  { name: 'money away', happen: (market) => moneyAway(market, market.providers[0]) },
  {
    name: 'disk full, Redis gone',
    happen: async (market) => {
      const { providers, disk, redis } = market
      await Promise.all([disk && diskFull(market, providers[1], disk), redis && redisGone(market, providers[0], redis)])
    },
  },
  {
    name: 'a volume gone',
    happen: async (market) => {
      if (market.volume) await volumeGone(market, market.providers[0], market.volume)
    },
    mayMissProofs: 'undeclared',
    mayFaultSectors: true,
  },
  // Of no challenge was it away for all the time that there is for an answer.
  { name: 'ten kills', happen: (market) => tenKills(market.providers[1]) },
  { name: 'a sector damaged', happen: (market) => sectorDamaged(market, market.providers[1]), mayFaultSectors: true },
]

interface Span {
  readonly fault: Fault
  /** Heights. */
  readonly from: number
  readonly to: number
}

const proofEvents = ['post:missed', 'recovery:missed', 'fault:declared', 'fault:skipped'] as const

type ProofEvent = FollowedEvent<(typeof proofEvents)[number]>

function isExpected(event: ProofEvent, spans: readonly Span[], all: readonly ProofEvent[]): boolean {
  const { type, height } = event
  return spans.some(({ fault, from, to }) => {
    if (height < from || height > to + AFTERMATH) return false
    if (fault.mayFaultSectors && type.startsWith('fault:')) return true
    if (fault.mayMissProofs !== 'undeclared') return fault.mayMissProofs === true
    const declared = all.find((each) => each.type === 'fault:declared' && each.height >= from)
    return type === 'post:missed' && declared !== undefined && event.epoch <= declared.height + CUTOFF
  })
}

function isAsAgreed({ short }: SoakDeal, deal: DealView): boolean {
  const { terms, state } = deal
  const ended = short && state === 'expired'
  const isWhole = everythingOf(deal) === BigInt(terms.pricePerEpoch) * BigInt(terms.duration)
  return (state === 'active' || ended) && isWhole
}

async function nothingFaulty(market: SoakMarket): Promise<void> {
  for (const provider of market.providers)
    await eventually(`no sector of provider ${provider.id} is faulty`, WITHIN_MS, () => allSound(market, provider))
}

/** @param minutes how long puts go on, and the faults are spread over what is left when the sectors are there */
export function soak(minutes: number): void {
  const missing = [
    ...(mountable ? [] : ['without a full disk and a pulled one, since unshare is not allowed to mount them here']),
    ...(redisIsHere ? [] : ['without a Redis, since there is no redis-server here']),
  ]
  test(
    [`${minutes} minutes of a hundred sectors, puts and faults lose no deal`, ...missing].join(': '),
    () => live(minutes * 60_000),
    2 * 60 * 60_000,
  )
}

/** With what it came from: jest says no more of a cause than where it was thrown. */
function saidOf(error: unknown): string {
  if (!Error.isError(error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${saidOf(error.cause)}`
}

async function live(soakMs: number): Promise<void> {
  const market = await startSoakMarket({ withDisk: mountable, withRedis: redisIsHere })
  try {
    const startMs = performance.now()
    const filled = await fillSectors(market)
    await fetchWhileProving(market, filled)
    const faultsMs = performance.now()
    const spans: Span[] = []
    for (const [index, fault] of faults.entries()) {
      const atMs = faultsMs + ((soakMs - (faultsMs - startMs)) * index) / faults.length
      await sleep(Math.max(0, atMs - performance.now()))
      const { height: from } = await market.client.status()
      await fault.happen(market).catch((error: unknown) => {
        throw new Error(`${fault.name}, from height ${from}`, { cause: error })
      })
      const { height: to } = await market.client.status()
      spans.push({ fault, from, to })
    }
    await sleep(Math.max(0, startMs + soakMs - performance.now()))
    await market.endPuts()
    await nothingFaulty(market)

    const deals = await Promise.all(
      market.stored.map(async (one) => ({ one, views: await dealsOf(market.client, one) })),
    )
    expect(deals.filter(({ one, views }) => !views.every((view) => isAsAgreed(one, view)))).toEqual([])
    // A short one may end while the others are fetched.
    const held = deals.map(({ one }) => one).filter(({ short }) => !short)
    expect(held.length).toBeGreaterThanOrEqual(faults.length)
    expect(await damagedFiles(market.bench, market.chain().url, held)).toEqual([])
    await expectBack(market, filled)

    const events = await eventsSoFar(market.client, ['sector:precommitted', ...proofEvents])
    const planned = events.filter((event) => event.type === 'sector:precommitted')
    const numbers = planned.map(({ provider, sector }) => `${provider} ${sector}`)
    expect(numbers).toEqual([...new Set(numbers)])
    const faulted = events.filter((event) => event.type !== 'sector:precommitted')
    expect(faulted.filter((event) => !isExpected(event, spans, faulted))).toEqual([])

    for (const provider of market.providers) {
      await provider.stop()
      expect(provider.logs()).not.toMatch(/STORE_LOST|"UNEXPECTED"/)
    }
    const told = spans.map(({ fault, from, to }) => `${fault.name} ${from}–${to}`).join(', ')
    const begun = market.stored.flatMap(({ failures }) => failures)
    console.info(
      `${Math.round((faultsMs - startMs) / 1000)} s to ${filled.length} sectors and their answers; ${deals.length} deals, ${held.length} of them fetched, ${numbers.length} sectors; faults at ${told}; ` +
        `${faulted.length} faults of proofs; puts begun again after: ${begun.join(', ') || 'nothing'}`,
    )
  } catch (error) {
    throw new Error(`${saidOf(error)}\n${await reportOf(market)}`, { cause: error })
  } finally {
    await market.close()
  }
}
