/**
 * The property of an upload as data: killed after any effect and before its event is written, and planned again from the log,
 * it comes to the same deals, and nothing is paid twice: what a deal locked whose provider died comes back before another is
 * made in its place. Plan and log are the real ones; of chain and providers there is what
 * they promise: the same terms get the same signature, and are taken once.
 */
import { type DealTermsJson, dealTermsToJson, quoteToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { aQuote, someTerms } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import type { UploadEvent, UploadState } from '../journal/upload-state.ts'
import { memoryJournal } from '../memory/memory-journal.ts'
import { nextSteps, type Step } from './next-steps.ts'

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
      const terms: DealTermsJson = { ...dealTermsToJson(someTerms()), nonce }
      return [{ type: 'slot:offered', slot, terms, agreementId: hashOf(slot, nonce) }]
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
      return [{ type: 'slot:vacated', slot, lost: '1' }]
    }
  }
}

/** Runs until it is complete, or is killed before the event that `killAt` counts down to. */
async function run(
  world: ReturnType<typeof createWorld>,
  journal: ReturnType<typeof memoryJournal>,
  opened: Extract<UploadEvent, { type: 'opened' }>,
  killAt: number,
  pick: (count: number) => number,
  deaths: boolean[],
): Promise<UploadState> {
  await using log = await journal.open(genesisHash, opened.rootCid)
  let left = killAt
  const say = async (event: UploadEvent): Promise<void> => {
    if (left-- === 0) throw new Killed()
    await log.append(event)
  }
  if (log.state === undefined) await say(opened)
  if (log.state!.spending === undefined) await say({ type: 'price:agreed', maxPrice: '99' })
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
        const pieces = Array.from({ length: pieceCount }, () => ({ payloadSize: 59, pieceSize: 128 }))
        const places = pieces.flatMap((_, piece) => Array.from({ length: copies }, (_none, copy) => ({ piece, copy })))
        const content = { genesisHash, rootCid: 'root', name: 'f', fileBytes: 1, duration: 5 }
        const opened = { type: 'opened', ...content, pieces, places } as const
        for (const killAt of kills)
          await run(world, journal, opened, killAt, pick, deaths).catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error
          })
        const { slots, spending } = await run(world, journal, opened, Number.POSITIVE_INFINITY, pick, deaths)
        expect(slots.map(({ state }) => state)).toEqual(places.map(() => 'active'))
        expect(world.spent()).toBe(places.length)
        const ids = slots.map((slot) => ('dealId' in slot ? slot.dealId : -1))
        expect(spending).toEqual({ maxPrice: '99', paid: [], lost: `${world.lapsed.size}` })
        const kept = [...world.deals.values()].filter((id) => !world.lapsed.has(id))
        expect(new Set(ids)).toEqual(new Set(kept))
      },
    ),
    { numRuns: 150 },
  )
})
