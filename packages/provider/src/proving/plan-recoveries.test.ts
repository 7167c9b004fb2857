import type { PartitionView } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { mayRecover, planRecovery } from './plan-recoveries.ts'

const HEIGHT = 100
const provable = [1, 2, 3].map((number) => ({ number, expiry: 1_000 }))

const [sound, faulty] = [
  { sectors: 9, sound: 9 },
  { sectors: 9, sound: 7 },
]
const open = { epoch: 90, deadline: 120 }

function view(given: Partial<PartitionView>): PartitionView {
  const proven = { provider: 1_000, number: 4, slot: 0, profile: '8MiB-dev', lastProven: 50, power: 0, pending: '0' }
  return { ...proven, ...faulty, ...given }
}

test.each<[string, Partial<PartitionView>, boolean]>([
  ['where some sector is faulty', {}, true],
  ['not for a sound partition', sound, false],
  ['not while a request waits', { recoveryRequestedAt: 99 }, false],
  ['not while a recovery is challenged', { recovery: open }, false],
  ['not while the chain would refuse it', { recoveryBarredUntil: HEIGHT + 2 }, false],
  ['again when the chain takes it again', { recoveryBarredUntil: HEIGHT + 1 }, true],
  ['also while a challenge of the others is open', { challenge: open }, true],
])('asks %s', (_, given, expected) => {
  expect(mayRecover(view(given), HEIGHT)).toBe(expected)
})

test.each([
  ['all that is faulty', [2, 1], [2, 1]],
  ['nothing where nothing is', [], []],
  ['nothing that cannot be proven any more', [9, 3], [3]],
])('asks for %s', (_, numbers, expected) => {
  expect(planRecovery(numbers, provable, HEIGHT)).toEqual(expected)
})

test('does not ask for a sector whose time is over', () => {
  expect(planRecovery([2, 1], [{ number: 1, expiry: HEIGHT + 3 }], HEIGHT)).toEqual([])
})
