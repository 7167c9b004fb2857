import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import { createTraffic } from './traffic.ts'

test('bytes are counted by root and way, over restarts', () => {
  const db = new DatabaseSync(':memory:')
  let nowMs = 10
  const before = createTraffic(db, { nowMs: () => nowMs })
  before.count('a', 'http', 5)
  before.count('b', 'bitswap', 100)
  before.save()
  nowMs = 20
  const after = createTraffic(db, { nowMs: () => nowMs })
  after.count('a', 'http', 1)
  after.count('a', 'bitswap', 2)
  expect(after.report(10)).toEqual({
    roots: [
      { root: 'b', answers: 1, httpBytes: 0, bitswapBytes: 100, firstMs: 10, lastMs: 10 },
      { root: 'a', answers: 3, httpBytes: 6, bitswapBytes: 2, firstMs: 10, lastMs: 20 },
    ],
    others: { answers: 0, httpBytes: 0, bitswapBytes: 0 },
  })
  expect(after.report(1).roots.map(({ root }) => root)).toEqual(['b'])
})

test('however many roots are asked for, the table is bounded and no byte is lost', () => {
  const traffic = createTraffic(new DatabaseSync(':memory:'), { rowsMax: 20 })
  for (let at = 1; at <= 2_500; at += 1) {
    traffic.count(`root ${at}`, 'http', at)
    if (at % 600 === 0) traffic.save()
  }
  traffic.count('root 2500', 'bitswap', 7)
  const { roots, others } = traffic.report(100)
  expect(roots.length).toBeLessThanOrEqual(20)
  expect(roots[0]).toMatchObject({ root: 'root 2500', httpBytes: 2_500, bitswapBytes: 7 })
  const kept = roots.reduce((sum, { httpBytes }) => sum + httpBytes, 0)
  expect(kept + others.httpBytes).toBe((2_500 * 2_501) / 2)
  expect(roots.reduce((sum, { answers }) => sum + answers, others.answers)).toBe(2_501)
})

test('between two times of saving, no more roots are kept in memory than may be', () => {
  const traffic = createTraffic(new DatabaseSync(':memory:'))
  for (let at = 1; at <= 3_000; at += 1) traffic.count(`root ${at}`, 'bitswap', 1)
  const { roots, others } = traffic.report(10_000)
  expect([roots.length, others.bitswapBytes]).toEqual([1_000, 2_000])
})
