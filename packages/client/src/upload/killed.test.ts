/**
 * The property of an upload as data: killed after any effect and before its event is written, and planned again from the log,
 * it comes to the same deals, and nothing is paid twice: what a deal locked whose provider died comes back before another is
 * made in its place. Plan and log are the real ones; of chain and providers there is what
 * they promise: the same terms get the same signature, and are taken once. Each run agrees to the same bound as the one before.
 */
import type { DealView } from '@granary/protocol/client'
import { type DealTermsJson, dealTermsToJson, quoteToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { aQuote, someTerms } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import { apply, type UploadEvent, type UploadState } from '../journal/upload-state.ts'
import { memoryJournal } from '../memory/memory-journal.ts'
import { priceAgreed } from './agree-to-price.ts'
import { eventsAtStart, isOver, type UploadWanted } from './events-at-start.ts'
import { nextSteps, type Step } from './next-steps.ts'
import { lostBy, runPrice } from './run-price.ts'

const MONEY = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }

class Killed extends Error {}

/** What outlives a kill beside the log. */
function createWorld() {
  const deals = new Map<string, number>()
  const signed = new Set<string>()
  const lapsed = new Set<number>()
  let nonces = 0
  let spent = 0
  return {
    deals,
    lapsed,
    spent: () => spent,
    /** The chain gives back what its provider did not prove: once. */
    lapse(dealId: number): void {
      if (!lapsed.has(dealId)) spent -= 1
      lapsed.add(dealId)
    },
    /** Its deals as the chain shows them. */
    views: (): DealView[] =>
      [...deals].map(([agreementId, id]) => ({
        ...{ id, agreementId: agreementId as DealView['agreementId'], terms, ...MONEY },
        state: lapsed.has(id) ? 'lapsed' : 'published',
        ...{ publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 },
      })),
    newNonce: () => `${nonces++}`,
    sign: (agreementId: string) => void signed.add(agreementId),
    /** Asked first, as publishDeal does. */
    publish(agreementId: string): number {
      if (!signed.has(agreementId)) throw new Error('nobody signed these terms')
      const known = deals.get(agreementId)
      if (known !== undefined) return known
      spent += 1
      deals.set(agreementId, deals.size)
      return deals.get(agreementId)!
    },
  }
}

const quote = quoteToJson(aQuote())
const PRICE = aQuote().total
const NONE: ReadonlySet<number> = new Set()
/** A unit is what is lost of a deal that lapses. */
const reckoned = { order: { until: 0, from: 0 }, feesPerDeal: 1n, dealFees: new Map(), skipped: NONE }
const terms: DealTermsJson = dealTermsToJson(someTerms({ pricePerEpoch: PRICE, duration: 1 }))
const hashOf = (slot: number, nonce: string) => `0x${`${slot}f${nonce}`.padStart(64, '0')}` as const

/**
 * What a step's effect does to the world, and the events by which it says so.
 * @param dies whether a provider dies that has not proven its deal
 */
function effectOf(
  world: ReturnType<typeof createWorld>,
  state: UploadState,
  step: Step,
  dies: () => boolean,
): UploadEvent[] {
  if (step.step === 'name') return [{ type: 'piece:named', piece: step.piece, pieceCid: `piece ${step.piece}` }]
  if (step.step === 'publish') {
    // One message: all are on the chain before the first of their events.
    const ids = step.slots.map((slot) => {
      const found = state.slots[slot]!
      if (found.state !== 'agreed') throw new Error(`slot ${slot} is ${found.state}`)
      return world.publish(found.agreementId)
    })
    return step.slots.map((slot, place) => ({ type: 'slot:published', slot, dealId: ids[place]! }))
  }
  const { slot } = step
  const found = state.slots[slot]!
  switch (step.step) {
    case 'choose':
      return found.state === 'vacant' ? [{ type: 'slot:chosen', slot, provider: slot }] : []
    case 'quote':
      return [{ type: 'slot:quoted', slot, quote }]
    case 'send':
      return [
        { type: 'slot:upload-opened', slot, uploadUrl: `u${slot}` },
        { type: 'slot:uploaded', slot },
      ]
    case 'offer': {
      const nonce = world.newNonce()
      return [{ type: 'slot:offered', slot, terms: { ...terms, nonce }, agreementId: hashOf(slot, nonce) }]
    }
    case 'agree':
      if (found.state !== 'offered') throw new Error(`slot ${slot} is ${found.state}`)
      world.sign(found.agreementId)
      return [{ type: 'slot:agreed', slot, providerSignature: '0x00' }]
    case 'follow': {
      if (found.state !== 'published') throw new Error(`slot ${slot} is ${found.state}`)
      const { dealId } = found
      if (!world.lapsed.has(dealId) && !dies()) return [{ type: 'slot:active', slot }]
      world.lapse(dealId)
      return [{ type: 'slot:vacated', slot, lost: `${lostBy(found, state.spending, reckoned, true)}` }]
    }
  }
}

/** Runs until it is complete, or is killed before the event that `killAt` counts down to. */
async function run(
  world: ReturnType<typeof createWorld>,
  journal: ReturnType<typeof memoryJournal>,
  wanted: UploadWanted,
  killAt: number,
  pick: (count: number) => number,
  deaths: boolean[],
): Promise<UploadState> {
  await using log = await journal.open(genesisHash, wanted.rootCid)
  let left = killAt
  const say = async (event: UploadEvent): Promise<void> => {
    if (left-- === 0) throw new Killed()
    await log.append(event)
  }
  const deals = world.views()
  const earlier = log.state
  const events = eventsAtStart(earlier, { genesisHash, height: 1, deals, wanted, reckoned })
  const isToPay = events.reduce(apply, earlier)!.slots.some((slot) => !('dealId' in slot))
  const inAll = earlier !== undefined && !isOver(earlier, { deals, skipped: NONE })
  for (const event of events) await say(event)
  for (const event of priceAgreed(log.state!, { maxPrice: 99n, inAll, isToPay })) await say(event)
  const met = new Set<number>()
  for (;;) {
    const steps = nextSteps(log.state!, { until: 'active', met, given: new Set() })
    if (steps.length === 0) return log.state!
    const step = steps[pick(steps.length)]!
    const events = effectOf(world, log.state!, step, () => deaths.pop() ?? false)
    for (const event of events) await say(event)
    if (step.step === 'choose') met.add(step.slot)
    for (const event of events) if (event.type === 'slot:vacated') met.delete(event.slot)
  }
}

function wantedOf(pieceCount: number, copies: number): UploadWanted {
  const pieces = Array.from({ length: pieceCount }, () => ({ payloadSize: 59, pieceSize: 128 }))
  const content = { rootCid: 'root', name: 'f', fileBytes: 1, pieces, copies }
  return { ...content, duration: undefined, durationDefault: 5, provider: undefined, again: false }
}

test('killed after any effect and before its event, and replayed: the same deals, and nothing paid twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 12 }),
      fc.array(fc.boolean(), { maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      async (pieceCount, copies, kills, deaths, choices) => {
        const world = createWorld()
        const journal = memoryJournal()
        const pick = (count: number) => Number(choices.next().value) % count
        const wanted = wantedOf(pieceCount, copies)
        const count = pieceCount * copies
        for (const killAt of kills)
          await run(world, journal, wanted, killAt, pick, deaths).catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error
          })
        const state = await run(world, journal, wanted, Number.POSITIVE_INFINITY, pick, deaths)
        const { slots, spending } = state
        expect(slots.map((slot) => slot.state)).toEqual(Array(count).fill('active'))
        expect(world.spent()).toBe(count)
        const ids = slots.map((slot) => ('dealId' in slot ? slot.dealId : -1))
        // Nothing that was spent is forgotten by what the bound is held against.
        expect(spending).toEqual({ maxPrice: '99', paid: [], lost: `${world.lapsed.size}` })
        expect(runPrice(state, reckoned)).toBe(BigInt(count) * (PRICE + 1n) + BigInt(world.lapsed.size))
        const kept = [...world.deals.values()].filter((id) => !world.lapsed.has(id))
        expect(new Set(ids)).toEqual(new Set(kept))
      },
    ),
    { numRuns: 150 },
  )
})
