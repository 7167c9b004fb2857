import { expect, test } from '@jest/globals'
import { LEAVING_VARIANTS, type LeavingResult, simulateLeaving } from './long-deals.ts'

const variantNamed = (name: string) => LEAVING_VARIANTS.find((variant) => variant.name === name)!
const play = (name: string, standing: 'established' | 'new', days: number): LeavingResult =>
  simulateLeaving([{ days, standing, variant: variantNamed(name) }]).results[0]!

test('leaving a long deal: what vests keeps an established provider until the price has more than doubled, for 180 days', () => {
  const { before, after, afterQuarter } = play('one sector', 'established', 180)
  // By hand, of 3.11 GRN a GiB less what is burnt of payments: 20 days of income, a fifth of the price, sealing and 30 hours.
  expect(before).toMatchObject({ day: 0, way: 'terminates' })
  expect(before.factor).toBeGreaterThan(1.5)
  expect(before.factor).toBeLessThan(1.6)
  // 90 days of reward more: 2.25 GRN of 3.03.
  expect(after.factor - before.factor).toBeGreaterThan(0.72)
  expect(after.factor - before.factor).toBeLessThan(0.8)
  expect(afterQuarter.factor).toBeGreaterThan(after.factor)
})

test('a new provider forfeits nothing on its first day, and more each day', () => {
  const { before, after, afterQuarter } = play('all at once', 'new', 180)
  expect(after.factor).toBe(before.factor)
  expect(afterQuarter.factor).toBeGreaterThan(2)
})

test('neither empty sectors, self-deals, nor leaving one by one make it cheaper; a fault and a fresh number do', () => {
  const plain = play('one sector', 'established', 90).after.factor
  for (const name of [
    'one, diluted by empty sectors',
    'one, with self-deals in it and beside',
    'all at once',
    'one after another',
  ]) {
    expect([name, play(name, 'established', 90).after.factor >= plain]).toEqual([name, true])
  }
  const fresh = play('all, and sells under a fresh number', 'established', 90).after
  expect(fresh).toMatchObject({ way: 'declares' })
  expect(fresh.factor).toBeLessThan(plain)
})
