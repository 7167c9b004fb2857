import type { PutProgress } from '@granary/client/node'
import { expect, test } from '@jest/globals'
import { exitCodeOf } from '../exit-code.ts'
import { DemoInterruptedError, type DemoStand, standAfter } from './demo-interrupted.ts'

const published: PutProgress = { type: 'published', slot: 0, dealId: 3, locked: '1', epochMs: 0, epoch: 9 }
const active: PutProgress = { type: 'active', slot: 0, dealId: 3, epochMs: 0, epoch: 20, sector: 1 }
const proof: PutProgress = {
  type: 'deal',
  entry: { id: '1', type: 'post-accepted', atMs: 1, epoch: 31, partition: 0, challengeEpoch: 30, bytes: 9 },
}

test.each<[string, PutProgress[], string]>([
  ['before its deal', [], 'no deal was made yet, no money was locked'],
  ['after its deal', [published], 'deal 3 is published and its price locked, but it is not active yet'],
  ['when it is sealed', [published, active], 'deal 3 is active in sector 1; 0 of 2 later proofs were seen'],
  ['between its proofs', [published, active, proof], '1 of 2 later proofs were seen, and the file was not fetched'],
  ['when it is fetched back', [published, active, proof, proof], '2 of 2 later proofs were seen'],
])('a demo that is interrupted %s says what is true', (_, news, words) => {
  const stand = news.reduce<DemoStand>(standAfter, { proofs: 0 })
  const error = new DemoInterruptedError(stand, 2)
  expect(error.message).toContain(words)
  expect(error.message).toContain('its folder removed')
  expect(`${error.hint}`).not.toContain('goes on where it was')
  expect(exitCodeOf(error)).toBe(130)
})

test('one that is interrupted while it starts says that nothing was stored', () => {
  expect(new DemoInterruptedError(undefined, 2).message).toContain('nothing was stored')
})
