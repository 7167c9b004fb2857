import { productionParams } from '@granary/chain/state'
import { expect, test } from '@jest/globals'
import { COSTS } from './costs.ts'
import { isWorthLapsing, isWorthLeaving } from './leaving.ts'
import { SECTOR_GIB, sectorReward } from './world.ts'

const params = productionParams(60_000)
const DAY = params.provingPeriod
const PRICE = 12_000_000_000_000n
const pricePerEpoch = PRICE * BigInt(SECTOR_GIB / 2)
const prospect = (percent: bigint) => ({
  chain: { height: 0 },
  params,
  costs: COSTS,
  price: () => (PRICE * percent) / 100n,
})

/** Two deals of 45 days that fill a sector. */
function deals(daysLeft: number) {
  const collateral = (pricePerEpoch * BigInt(45 * DAY)) / 5n
  return [1, 2].map(() => ({ pricePerEpoch, endsAt: daysLeft * DAY, duration: 45 * DAY, collateral }))
}

test.each([
  { percent: 100n, daysLeft: 40, leaves: false },
  { percent: 200n, daysLeft: 40, leaves: false },
  { percent: 300n, daysLeft: 40, leaves: true },
  { percent: 300n, daysLeft: 3, leaves: false },
  { percent: 1_000n, daysLeft: 1, leaves: false },
])(
  'at $percent % of its price, $daysLeft days before its end, a deal is left: $leaves',
  ({ percent, daysLeft, leaves }) => {
    expect(isWorthLeaving(prospect(percent), 'terminating', deals(daysLeft), 0n)).toBe(leaves)
    expect(isWorthLeaving(prospect(percent), 'declaring', deals(daysLeft), 0n)).toBe(leaves)
    expect(isWorthLeaving(prospect(percent), 'nothing', deals(daysLeft), 0n)).toBe(false)
  },
)

test('what vests is counted: with 90 days of reward to lose, three times the price is no reason to leave', () => {
  const ample = 10n ** 24n
  for (const by of ['terminating', 'declaring'] as const) {
    expect(isWorthLeaving(prospect(300n), by, deals(40), 0n)).toBe(true)
    expect(isWorthLeaving(prospect(300n), by, deals(40), ample)).toBe(false)
    // Never more than what the deals could still have paid.
    expect(isWorthLeaving(prospect(500n), by, deals(40), ample)).toBe(true)
  }
})

test('25 days before the end, four times the price is enough for who has nothing vesting, and not after 19 days of reward', () => {
  const vested = sectorReward(params) * BigInt(19 * DAY)
  for (const by of ['terminating', 'declaring'] as const) {
    expect(isWorthLeaving(prospect(400n), by, deals(25), 0n)).toBe(true)
    expect(isWorthLeaving(prospect(470n), by, deals(25), vested)).toBe(false)
    expect(isWorthLeaving(prospect(485n), by, deals(25), vested)).toBe(true)
  }
})

test('signed deals are let lapse for a price that is better by more than their collateral, a fifth', () => {
  expect(isWorthLapsing(prospect(119n), deals(45))).toBe(false)
  expect(isWorthLapsing(prospect(121n), deals(45))).toBe(true)
})
