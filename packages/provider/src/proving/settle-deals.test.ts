import { expect, test } from '@jest/globals'
import { isOwing, isSettled } from './settle-deals.ts'

const times = { activatedAt: 10, endsAt: 110, provenEpochs: 60, faultedEpochs: 0, settledThrough: 70 }
const deal = { ...times, state: 'expired', earned: '0', locked: '40' } as const

test('every end of a deal is settled, also one that brings the provider nothing', () => {
  expect(isOwing({ ...deal, state: 'terminated' }, 100)).toBe(true)
  expect(isOwing({ ...deal, state: 'lapsed' }, 100)).toBe(true)
  // Its last epochs are decided: faulted.
  expect(isOwing({ ...deal, faultedEpochs: 40 }, 120)).toBe(true)
  expect(isOwing({ ...deal, state: 'cancelled', locked: '0', claim: '7' }, 120, 'active')).toBe(true)
  expect(isOwing({ ...deal, state: 'cancelled', locked: '0', claim: '7' }, 120, 'terminated')).toBe(true)
})

test('a claim is not settled while its sector is faulty: until that is decided it would be a fee for nothing', () => {
  expect(isOwing({ ...deal, state: 'cancelled', locked: '0', claim: '7' }, 120, 'faulty')).toBe(false)
})

test('nothing is sent for a span that is still open, or for a deal that is closed', () => {
  expect(isOwing(deal, 120)).toBe(false)
  expect(isOwing({ ...deal, locked: '0' }, 120)).toBe(false)
  expect([isSettled(deal), isSettled({ ...deal, locked: '0' })]).toEqual([false, true])
  expect(isSettled({ ...deal, locked: '0', claim: '7' })).toBe(false)
})
