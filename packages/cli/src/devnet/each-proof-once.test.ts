import type { DealProgress } from '@granary/client'
import { expect, test } from '@jest/globals'
import { eachProofOnce } from './each-proof-once.ts'

function proof(partition: number, challengeEpoch: number): DealProgress {
  const entry = { id: '1', type: 'post-accepted', atMs: 1, epoch: challengeEpoch + 1, bytes: 9 } as const
  return { type: 'deal', entry: { ...entry, partition, challengeEpoch } } as DealProgress
}

function challenge(epoch: number): DealProgress {
  const entry = { id: '1', type: 'challenged', atMs: 1, epoch, partition: 0, deadline: 50 }
  return { type: 'deal', entry } as DealProgress
}

test('a challenge of two deals and its answer are told once, and the next ones again', () => {
  const told: DealProgress[] = []
  const tell = eachProofOnce((progress) => told.push(progress))
  const waiting: DealProgress = { type: 'waiting', message: 'a moment' }
  for (const progress of [
    challenge(30),
    challenge(30),
    proof(0, 30),
    proof(0, 30),
    waiting,
    proof(1, 30),
    waiting,
    proof(0, 60),
  ])
    tell(progress)
  expect(told).toEqual([challenge(30), proof(0, 30), waiting, proof(1, 30), waiting, proof(0, 60)])
})
