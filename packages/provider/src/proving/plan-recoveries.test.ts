import type { PartitionView } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { planRecoveries } from './plan-recoveries.ts'

const HEIGHT = 100
const provable = [1, 2, 3].map((number) => ({ number, expiry: 1_000 }))

function view(given: Partial<PartitionView>): PartitionView {
  const sound = {
    provider: 1_000,
    number: 4,
    slot: 0,
    profile: '8MiB-dev',
    sectors: [],
    lastProven: 50,
    power: 0,
    pending: '0',
  }
  return { ...sound, faulty: true, faultySectors: [2, 1], ...given }
}

const challenge = { epoch: 90, deadline: 120, randomness: '0x00', count: 80, sectors: [], answered: false } as const

test.each<[string, Partial<PartitionView>, number[][]]>([
  ['all that is faulty', {}, [[2, 1]]],
  ['nothing of a sound partition', { faultySectors: [] }, []],
  ['nothing that cannot be proven any more', { faultySectors: [9, 3] }, [[3]]],
  ['nothing while a request waits', { recoveryRequestedAt: 99 }, []],
  ['nothing while a recovery is challenged', { recovery: challenge }, []],
  ['nothing while the chain would refuse it', { recoveryBarredUntil: HEIGHT + 2 }, []],
  ['again when the chain takes it again', { recoveryBarredUntil: HEIGHT + 1 }, [[2, 1]]],
  ['also while a challenge of the others is open', { challenge }, [[2, 1]]],
])('asks for %s', (_, given, expected) => {
  expect(planRecoveries([view(given)], provable, HEIGHT).map(({ sectors }) => sectors)).toEqual(expected)
})

test('does not ask for a sector whose time is over', () => {
  expect(planRecoveries([view({})], [{ number: 1, expiry: HEIGHT + 3 }], HEIGHT)).toEqual([])
})
