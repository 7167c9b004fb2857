import { fromHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { drawSamples } from '@granary/proofs/verify'
import type { ChallengeView } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { type DeclarationInput, planDeclaration } from './declare-faults.ts'

const PROVIDER = 1_000
const HEIGHT = 100
const sectors = Array.from({ length: 8 }, (_, n) => ({ number: 10 + n, commR: `0x${'00'.repeat(32)}` as const }))
const numbers = sectors.map(({ number }) => number)
/** Three samples over eight sectors: some have none. */
const challenge: ChallengeView = {
  ...{ provider: PROVIDER, partition: 4, profile: '2KiB-test', kind: 'post' },
  epoch: 90,
  deadline: 120,
  randomness: `0x${'07'.repeat(32)}`,
  count: 3,
  sectors,
}
const asked = drawSamples(
  {
    ...{ profile: profileNamed('2KiB-test'), provider: PROVIDER, partition: 4, count: 3 },
    randomness: fromHex(challenge.randomness),
  },
  sectors.length,
).map(({ position }) => numbers[position]!)
const unasked = numbers.filter((number) => !asked.includes(number))

test.each<[string, Partial<DeclarationInput>, readonly number[]]>([
  ['any sector while no challenge is open', {}, numbers],
  ['none that is faulty by the chain already', { faulty: [10, 11] }, numbers.slice(2)],
  ['while one is open, only those that it has no sample on', { challenge }, unasked],
  ['any again once its window is over', { challenge: { ...challenge, deadline: HEIGHT } }, numbers],
])('declares %s', (_, given, expected) => {
  expect(planDeclaration(numbers, { faulty: [], challenge: undefined, ...given }, HEIGHT)).toEqual(expected)
})

test('the example has sectors of both kinds', () => {
  expect([asked.length > 0, unasked.length > 0]).toEqual([true, true])
})
