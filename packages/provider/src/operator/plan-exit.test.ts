import { expect, test } from '@jest/globals'
import { type ExitState, planExit } from './plan-exit.ts'

const times = { activatedAt: 10, provenEpochs: 60, faultedEpochs: 0, settledThrough: 70 }
const settled = { locked: '0', earned: '0', lapsesAt: 50, ...times }
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
    sectors: [{ number: 3, state: 'active', expiry: 900, deals: [1] }],
    lockedCollateral: 5n,
  })
  expect(plan).toEqual({
    ...{ settle: [], undecided: [], terminate: [], ending: [], withdraw: undefined },
    running: [
      { deal: 1, until: 500 },
      { deal: 2, until: 130 },
    ],
  })
})

test('a sector is ended when its deals are settled, not when it ends by itself within a period', () => {
  const over = { id: 1, state: 'expired' as const, endsAt: 90 }
  const sectors = [
    { number: 3, state: 'active', expiry: 900, deals: [1] },
    { number: 4, state: 'active', expiry: 110, deals: [] },
  ] as const
  const before = planExit({ ...state, sectors, deals: [{ ...over, ...settled, earned: '4' }], lockedCollateral: 5n })
  expect(before).toMatchObject({ settle: [1], terminate: [], ending: [{ sector: 4, until: 110 }] })
  const after = planExit({ ...state, sectors, deals: [{ ...over, ...settled }], lockedCollateral: 5n })
  expect(after).toMatchObject({ settle: [], terminate: [3], ending: [{ sector: 4, until: 110 }], withdraw: undefined })
})

test('a claim keeps its sector, and collateral that is locked for anything keeps the rest', () => {
  const claimed = planExit({
    ...state,
    deals: [{ id: 1, state: 'cancelled', ...settled, claim: '3' }],
    sectors: [{ number: 3, state: 'active', expiry: 900, deals: [1] }],
  })
  expect(claimed).toMatchObject({ settle: [1], terminate: [], withdraw: undefined })
  expect(planExit({ ...state, lockedCollateral: 1n }).withdraw).toBeUndefined()
  expect(planExit(state).withdraw).toBe(7n)
})

test('nothing is sent for a deal whose end is not decided yet, by its last proof or for a faulty sector: it is waited for', () => {
  const open = { id: 1, state: 'expired' as const, endsAt: 110, ...settled, locked: '4' }
  const claimed = { id: 2, state: 'cancelled' as const, ...settled, claim: '3', sector: { provider: 1, number: 4 } }
  const sectors = [
    { number: 3, state: 'active', expiry: 900, deals: [1] },
    { number: 4, state: 'faulty', expiry: 900, deals: [2] },
  ] as const
  const waiting = planExit({ ...state, sectors, deals: [open, claimed] })
  expect(waiting).toMatchObject({ settle: [], undecided: [1, 2], terminate: [], withdraw: undefined })
  const decided = planExit({
    ...state,
    sectors: [sectors[0], { ...sectors[1], state: 'active' }],
    deals: [{ ...open, provenEpochs: 100 }, claimed],
  })
  expect(decided).toMatchObject({ settle: [1, 2], undecided: [], terminate: [] })
})
