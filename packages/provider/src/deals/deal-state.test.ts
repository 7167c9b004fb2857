import { expect, test } from '@jest/globals'
import { type DealState, isDealState, isLive, mayBecome } from './deal-state.ts'

const states: DealState[] = [
  'agreed',
  'published',
  'sealing',
  'active',
  'expired',
  'terminated',
  'offer-expired',
  'lapsed',
  'cancelled',
]

test.each(states)('%s is a state, and one that has ended goes nowhere', (state) => {
  expect(isDealState(state)).toBe(true)
  const goesSomewhere = states.some((to) => mayBecome(state, to))
  expect(goesSomewhere).toBe(isLive(state))
})

test('a word that is not a state is refused, also one that every object has', () => {
  expect(isDealState('toString')).toBe(false)
  expect(isDealState('sold')).toBe(false)
})

test('a deal never goes back before its publication', () => {
  for (const from of states) expect(mayBecome(from, 'agreed')).toBe(false)
  for (const from of states.filter((state) => state !== 'agreed')) expect(mayBecome(from, 'offer-expired')).toBe(false)
})
