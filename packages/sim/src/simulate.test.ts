import { expect, test } from '@jest/globals'
import { addFlows, gainOf, noFlows } from './money.ts'
import { SimOptionsError, simulate } from './simulate.ts'

/** One sector a disk: small enough for a test, and everything happens in it. */
const tiny = { providers: 11, periods: 1, diskSectors: 1, seed: 7 }

test('what the groups gain and burn is what the chain says', async () => {
  const report = await simulate(tiny)
  const flows = report.groups.map((group) => group.flows).reduce(addFlows, noFlows())
  const debts = report.strategies.reduce((total, { debt }) => total + debt, 0n)
  expect(gainOf(flows) + debts).toBe(report.totals.minted - report.totals.burnt)
  expect(report.groups.reduce((total, { burnt }) => total + burnt, 0n)).toBe(report.totals.burnt + debts)
  expect(report.strategies.map(({ collateralLocked }) => collateralLocked > 0n)).not.toContain(false)
  expect(flows.dealIncome).toBeGreaterThan(0n)
}, 30_000)

test.each([
  [{ ...tiny, providers: 10 }, 'providers'],
  [{ ...tiny, periods: 0 }, 'periods'],
  [{ ...tiny, seed: -1 }, 'seed'],
  [{ ...tiny, priceRise: 1.5 }, 'priceRise'],
])('%j is refused by its name', async (options, name) => {
  const refused = simulate(options)
  await expect(refused).rejects.toThrow(SimOptionsError)
  await expect(refused).rejects.toThrow(name)
})

test('a simulation stops when it is asked to', async () => {
  await expect(simulate(tiny, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
})
