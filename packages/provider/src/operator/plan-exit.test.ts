import { expect, test } from '@jest/globals'
import { type ExitState, planExit } from './plan-exit.ts'

const settled = { locked: '0', earned: '0', lapsesAt: 50 }
const state: ExitState = {
  height: 100,
  provingPeriod: 20,
  deals: [],
  sectors: [],
  freeCollateral: 7n,
  lockedCollateral: 0n,
}

test('what runs is waited for, and nothing is ended or taken meanwhile', () => {
  const plan = planExit({
    ...state,
    deals: [
      { id: 1, state: 'active', endsAt: 500, ...settled, locked: '9' },
      { id: 2, state: 'published', ...settled, lapsesAt: 130, locked: '9' },
    ],
    sectors: [{ number: 3, expiry: 900, deals: [1] }],
    lockedCollateral: 5n,
  })
  expect(plan).toEqual({
    ...{ settle: [], terminate: [], ending: [], withdraw: undefined },
    running: [
      { deal: 1, until: 500 },
      { deal: 2, until: 130 },
    ],
  })
})

test('a sector is ended when its deals are settled, not when it ends by itself within a period', () => {
  const over = { id: 1, state: 'expired' as const, endsAt: 90 }
  const sectors = [
    { number: 3, expiry: 900, deals: [1] },
    { number: 4, expiry: 110, deals: [] },
  ]
  const before = planExit({ ...state, sectors, deals: [{ ...over, ...settled, earned: '4' }], lockedCollateral: 5n })
  expect(before).toMatchObject({ settle: [1], terminate: [], ending: [{ sector: 4, until: 110 }] })
  const after = planExit({ ...state, sectors, deals: [{ ...over, ...settled }], lockedCollateral: 5n })
  expect(after).toMatchObject({ settle: [], terminate: [3], ending: [{ sector: 4, until: 110 }], withdraw: undefined })
})

test('a claim keeps its sector, and collateral that is locked for anything keeps the rest', () => {
  const claimed = planExit({
    ...state,
    deals: [{ id: 1, state: 'cancelled', ...settled, claim: '3' }],
    sectors: [{ number: 3, expiry: 900, deals: [1] }],
  })
  expect(claimed).toMatchObject({ settle: [1], terminate: [], withdraw: undefined })
  expect(planExit({ ...state, lockedCollateral: 1n }).withdraw).toBeUndefined()
  expect(planExit(state).withdraw).toBe(7n)
})
