import type { DealView } from '@granary/protocol/client'
import { accountSigner, dealTermsToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { epochsDue, topUpOrders } from './top-up-orders.ts'

const HEIGHT = 10_000
const PERIOD = 60

function deal(changes: Partial<DealView> & { readonly duration?: number }): DealView {
  const { duration = 1_000, ...view } = changes
  return { state: 'active', terms: { duration: `${duration}` }, orderedUntil: 90_000, ...view } as DealView
}

test.each([
  ['half of its time is left', { endsAt: HEIGHT + 501 }, 0],
  ['half has run down', { endsAt: HEIGHT + 500 }, 500],
  ['nearly all has', { endsAt: HEIGHT + 1 }, 999],
  ['its order ends first', { endsAt: HEIGHT + 400, orderedUntil: HEIGHT + 420 }, 20],
  ['its order is done', { endsAt: HEIGHT + 400, orderedUntil: HEIGHT + 400 }, 0],
  ['a renewal went beyond its order', { endsAt: HEIGHT + 400, orderedUntil: HEIGHT + 300 }, 0],
  ['it is shorter than four periods', { endsAt: HEIGHT + 110, duration: 130 }, 20],
  ['it is over', { endsAt: HEIGHT }, 0],
  ['it is cancelled', { state: 'cancelled', endsAt: HEIGHT + 100 } as const, 0],
])('%s: what its order pays for now', (_, changes, epochs) => {
  expect(epochsDue(deal(changes), HEIGHT, PERIOD)).toBe(epochs)
})

test.each([
  ['more than the message costs', 1_000_000_000_000_000_000n, ['TopUpByOrder']],
  ['less than the message costs', 1n, []],
])('an order that brings %s', async (_, pricePerEpoch, sent) => {
  const kinds: string[] = []
  const logged: string[] = []
  const terms = dealTermsToJson({
    ...{ client: accountSigner(new Uint8Array(32).fill(1)).address, provider: 1000, pieceSize: 1024, payloadSize: 900 },
    pieceCid: 'bafkzcibcoqcqgui3noriffu6zm5tdeevstwa3o2gwwfgffob4d3nyo7dwzfgwcy',
    ...{
      label: '',
      activateWithin: 600,
      duration: 1_000,
      pricePerEpoch,
      providerCollateral: 0n,
      validUntil: 1,
      nonce: 7n,
    },
  })
  const view = { ...deal({ endsAt: HEIGHT + 400 }), id: 5, terms } as DealView
  const chain = {
    status: async () => ({ height: HEIGHT }),
    params: async () => ({ provingPeriod: PERIOD, networkFeeBps: 500 }),
    fees: async () => ({ feeBase: 10n ** 13n, feeByte: 10n ** 10n, feeUnit: 10n ** 10n, feeProving: 0n }),
    account: async () => ({ balance: `${10n ** 30n}` }),
    deal: async () => view,
  }
  const context = {
    chain,
    lanes: {
      async send(_lane: number, kind: string) {
        kinds.push(kind)
        return { height: HEIGHT }
      },
    },
    deals: { record() {} },
    log: ({ type }: { type: string }) => void logged.push(type),
  }
  await topUpOrders(context as never, [view], new AbortController().signal)
  expect(kinds).toEqual(sent)
  expect(logged).toEqual([sent.length > 0 ? 'order:paid' : 'order:below-fee'])
})
