import { dealTermsToJson, quoteToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aQuote, someTerms } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import type { SlotState, UploadState } from '../journal/upload-state.ts'
import { nextSteps, type Wanted } from './next-steps.ts'

const quote = quoteToJson(aQuote())
const agreement = { provider: 1, terms: dealTermsToJson(someTerms()), agreementId: genesisHash } as const
const states = {
  vacant: { state: 'vacant' },
  chosen: { state: 'chosen', provider: 1 },
  quoted: { state: 'quoted', provider: 1, quote },
  uploaded: { state: 'uploaded', provider: 1, quote, uploadUrl: 'u' },
  offered: { ...agreement, state: 'offered', quote, uploadUrl: 'u' },
  agreed: { ...agreement, state: 'agreed', providerSignature: '0x' },
  published: { ...agreement, state: 'published', dealId: 1 },
  active: { ...agreement, state: 'active', dealId: 1 },
} as const satisfies Record<SlotState['state'], SlotState>

function upload(slots: readonly (keyof typeof states)[], pieceCid?: string): UploadState {
  const content = { genesisHash, rootCid: 'r', name: 'f', fileBytes: 1, duration: 5 }
  const piece = { payloadSize: 59, pieceSize: 128, pieceCid }
  return {
    ...content,
    pieces: [piece, piece],
    slots: slots.map((name, index) => ({ ...states[name], piece: index % 2, copy: 0 })),
  }
}

const wanted = (changes: Partial<Wanted> = {}): Wanted => ({
  until: 'active',
  met: new Set(Array.from({ length: 20 }, (_, index) => index)),
  given: new Set(),
  ...changes,
})

test.each([
  ['vacant', 'choose'],
  ['chosen', 'quote'],
  ['quoted', 'send'],
  ['uploaded', 'offer'],
  ['offered', 'agree'],
  ['published', 'follow'],
] as const)('after %s comes %s', (state, step) => {
  expect(nextSteps(upload([state], 'cid'), wanted())).toEqual([{ step, slot: 0 }])
})

test('agreed deals are published together, and what is active needs nothing', () => {
  expect(nextSteps(upload(['agreed', 'active', 'agreed']), wanted())).toEqual([{ step: 'publish', slots: [0, 2] }])
  expect(nextSteps(upload(['active']), wanted())).toEqual([])
})

test('one message takes 64 deals, and the others wait for the next', () => {
  const [step] = nextSteps(upload(Array(70).fill('agreed')), wanted())
  expect(step).toEqual({ step: 'publish', slots: Array.from({ length: 64 }, (_, slot) => slot) })
})

test('a provider of an earlier run is met before anything is asked of it', () => {
  const met = new Set<number>()
  for (const state of ['chosen', 'quoted', 'uploaded', 'offered'] as const)
    expect(nextSteps(upload([state], 'cid'), wanted({ met }))).toEqual([{ step: 'choose', slot: 0 }])
  expect(nextSteps(upload(['agreed']), wanted({ met }))).toEqual([{ step: 'publish', slots: [0] }])
})

test('terms wait for the piece CID, which is made once for all copies', () => {
  const state = upload(['uploaded', 'quoted', 'uploaded'])
  expect(nextSteps(state, wanted())).toEqual([
    { step: 'send', slot: 1 },
    { step: 'name', piece: 0 },
  ])
})

test('who waits for the publication alone follows nothing', () => {
  expect(nextSteps(upload(['published']), wanted({ until: 'published' }))).toEqual([])
})

test('four slots at a time are on their way to an agreement, and four deals are followed', () => {
  const many = upload([...Array(6).fill('published'), ...Array(3).fill('vacant'), ...Array(6).fill('chosen')])
  const steps = nextSteps(many, wanted({ given: new Set([0, 7]) }))
  expect(steps.map((step) => [step.step, 'slot' in step && step.slot])).toEqual([
    ...[6, 8].map((slot) => ['choose', slot]),
    ...[9, 10].map((slot) => ['quote', slot]),
    ...[1, 2, 3, 4].map((slot) => ['follow', slot]),
  ])
})
