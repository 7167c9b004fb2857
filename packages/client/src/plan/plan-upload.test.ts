import { expect, test } from '@jest/globals'
import { providerView } from '../../test/chain-answers.ts'
import type { NoProviderError } from '../providers/rank-providers.ts'
import type { Candidate } from '../providers/survey-providers.ts'
import { addressBlockOf } from './address-block.ts'
import { choose } from './choose.ts'
import { type PlanInput, planUpload } from './plan-upload.ts'
import { priceUpload } from './price-upload.ts'

interface Made {
  readonly price?: number
  readonly owner?: number
  readonly region?: string
  readonly host?: string
  readonly freeBytes?: number
  readonly pieceSizeMax?: number
}

function candidate(id: number, made: Made = {}, changes: Partial<Candidate> = {}): Candidate {
  const { price = 1000, owner = id, region = `r${id}`, host = `10.0.${id}.1`, freeBytes = 1 << 30, pieceSizeMax } = made
  const endpoint = `http://${host}:7470`
  const base = providerView(id, endpoint, { owner: `0x${String(owner).padStart(40, '0')}`, region })
  const ask = { ...base.ask!, pricePerGiBEpoch: `${price}`, ...(pieceSizeMax === undefined ? {} : { pieceSizeMax }) }
  const view = { ...base, ask }
  const info = { id, freeBytes } as Candidate['info']
  const rest = { latencyMs: 10, proofs: { sectors: 0, faulty: 0 }, experience: { kept: 0, broken: 0 } }
  return { view, endpoint, info, ...rest, ...changes }
}

const MIB = 1 << 20
const now = { height: 100, timeMs: 0, blockTimeMs: 500 }

function planOf(candidates: readonly Candidate[], copies: number, pieces = 1, changes: Partial<PlanInput> = {}) {
  const slots = Array.from({ length: pieces }, (_, piece) =>
    Array.from({ length: copies }, (_none, copy) => ({ piece, copy })),
  ).flat()
  return planUpload({
    pieces: Array.from({ length: pieces }, () => ({ payloadSize: 127 * 8192, pieceSize: MIB })),
    slots,
    open: slots.map((_, index) => index),
    candidates,
    providers: candidates.map(({ view }) => view),
    now,
    duration: 100,
    refusals: [],
    ...changes,
  })
}

const providersOf = (plan: ReturnType<typeof planOf>) => plan.map(({ provider }) => provider)

test('the cheapest is the best, the lower number among equals, and each says why', () => {
  const { choices } = choose(
    [candidate(3), candidate(2, { price: 2000 }), candidate(1)],
    { pieceSize: MIB, duration: 100 },
    now,
  )
  expect(choices.map(({ candidate: { view }, score, reasons }) => [view.id, score, reasons])).toEqual([
    [1, 100, ['no other is cheaper']],
    [3, 100, ['no other is cheaper']],
    [2, 50, ['the cheapest asks 50 % of its price']],
  ])
})

test.each<[string, Partial<Candidate>, number, string]>([
  ['has faulty sectors', { proofs: { sectors: 10, faulty: 4 } }, 80, '4 of its 10 sectors are faulty'],
  ['broke deals of this account', { experience: { kept: 1, broken: 1 } }, 75, 'it did not keep 1 of your 2 deals'],
  ['is slow to answer', { latencyMs: 2_400 }, 96, 'it took 2400 ms to answer'],
])('who %s comes after one that does not', (_what, changes, score, reason) => {
  const policy = { pieceSize: MIB, duration: 100 }
  const { choices } = choose([candidate(1, {}, changes), candidate(2, { price: 1010 })], policy, now)
  expect(choices.map(({ candidate: { view } }) => view.id)).toEqual([2, 1])
  expect(choices[1]).toMatchObject({ score, reasons: ['no other is cheaper', reason] })
})

test('who has no room, or does not take the piece, is refused with its reason', () => {
  const poor = [candidate(1, { freeBytes: MIB - 1 }), candidate(2, { pieceSizeMax: MIB / 2 })]
  const { choices, refusals } = choose(poor, { pieceSize: MIB, duration: 100 }, now)
  expect(choices).toEqual([])
  expect(refusals.map(({ provider, reason }) => [provider, reason]).sort()).toEqual([
    [1, 'NO_SPACE'],
    [2, 'PIECE_TOO_LARGE'],
  ])
})

test('copies are with different owners, regions and address blocks, even where that is dearer', () => {
  const candidates = [
    candidate(1),
    candidate(2, { owner: 1 }),
    candidate(3, { region: 'r1' }),
    candidate(4, { host: '10.0.1.99' }),
    candidate(5, { price: 5000 }),
    candidate(6, { price: 9000 }),
  ]
  const plan = planOf(candidates, 3)
  expect(providersOf(plan)).toEqual([1, 5, 6])
  expect(plan.map(({ shares }) => shares)).toEqual([[], [], []])
})

test('where there are no others, an address is shared before a region, and that before an owner; the plan says so', () => {
  const shared = [
    candidate(1),
    candidate(2, { owner: 1 }),
    candidate(3, { region: 'r1' }),
    candidate(4, { host: '10.0.1.99' }),
  ]
  const plan = planOf(shared, 4)
  expect(plan.map(({ provider, shares }) => [provider, shares])).toEqual([
    [1, []],
    [4, ['address']],
    [3, ['region']],
    [2, ['owner']],
  ])
  const unnamed = planOf([candidate(1, { region: '' }), candidate(2, { region: '' })], 2)
  expect(unnamed.map(({ shares }) => shares)).toEqual([[], ['region']])
})

test('two copies of a piece are never with one provider, and nobody is asked for more than there is', () => {
  const refused = (() => {
    try {
      return planOf([candidate(1), candidate(2)], 3)
    } catch (error) {
      return error as NoProviderError
    }
  })()
  expect(refused).toMatchObject({ code: 'NO_PROVIDER', hint: expect.stringContaining('ask for fewer copies') })
  expect((refused as NoProviderError).refusals.map(({ reason, message }) => [reason, message])).toEqual([
    ['REFUSED', 'it has another copy of the piece'],
    ['REFUSED', 'it has another copy of the piece'],
  ])
})

test('the best has as many pieces as it has room for', () => {
  const candidates = [
    candidate(1, { freeBytes: 2 * MIB }),
    candidate(2, { price: 1001 }),
    candidate(3, { price: 3000 }),
  ]
  expect(providersOf(planOf(candidates, 1, 4))).toEqual([1, 1, 2, 2])
  expect(providersOf(planOf(candidates, 2, 3))).toEqual([1, 2, 1, 2, 2, 3])
})

test('a slot that lost its provider gets one that has no copy, of other traits than those that do', () => {
  const candidates = [candidate(1), candidate(2, { owner: 9 }), candidate(3, { price: 4000 })]
  const slots = [
    { piece: 0, copy: 0, provider: 8 },
    { piece: 0, copy: 1 },
  ]
  const away = candidate(8, { owner: 9 }).view
  const providers = [...candidates.map(({ view }) => view), away]
  const refusedBy = new Map([[1, new Map([[1, 'full']])]])
  expect(providersOf(planOf(candidates, 2, 1, { slots, open: [1], providers, refusedBy }))).toEqual([3])
})

test.each([
  ['http://192.0.2.77:7470', '192.0.2'],
  ['https://store.example.org', 'store.example.org'],
  ['http://[2001:db8:5:9::1]:80', '2001:db8:5'],
  ['http://[2001:db8::9]', '2001:db8:0'],
  ['http://[::1]', '0:0:0'],
])('the address block of %s is %s', (endpoint, block) => {
  expect(addressBlockOf(endpoint)).toBe(block)
})

test('the price is all of it: deals, records, messages, a month, a GiB', () => {
  const pieces = [{ payloadSize: 500, pieceSize: 512 }]
  const slots = [
    { piece: 0, price: 3_000n, order: 700n },
    { piece: 0, price: 5_000n, order: 0n },
  ]
  const fees = { feeBase: 100n, feeByte: 1n, feeUnit: 0n, feeProving: 0n }
  const params = { accountFee: 50n } as Parameters<typeof priceUpload>[0]['params']
  const day = 24 * 60 * 60_000
  const price = priceUpload({
    slots,
    unproven: [7, 8, 7],
    pieces,
    fileBytes: 1 << 29,
    durationMs: 15 * day,
    fees,
    params,
  })
  expect(price).toMatchObject({
    price: 8_000n,
    order: 700n,
    messageFees: 2n * 2n * (100n + 1024n),
    month: 16_000n,
    perGiBMonth: 32_000n,
  })
  // Of the provider with the most deals, should it be lost.
  expect(price.spareFees).toBe(price.recordFees + price.messageFees)
  expect(price.total).toBe(price.price + price.order + price.recordFees + price.messageFees + price.spareFees)
  expect(price.recordFees).toBeGreaterThan(0n)
  expect(price.storedBytes).toBe(1_000)
})
