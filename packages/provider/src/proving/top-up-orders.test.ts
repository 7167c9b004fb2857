import type { DealView } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { epochsDue } from './top-up-orders.ts'

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
