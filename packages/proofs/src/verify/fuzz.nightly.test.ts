import { randomInt } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { fuzzVerifiers } from '../../test/fuzz-verifiers.ts'

const TEN_MINUTES_MS = 10 * 60 * 1000
const MIB = 2 ** 20

// Another seed every night; the message of a failure names it.
test(
  'ten minutes of random and mutated inputs are each answered by a verdict with a known reason',
  () => {
    const before = process.memoryUsage().rss
    const endMs = performance.now() + TEN_MINUTES_MS
    const { inputs, slowestMs } = fuzzVerifiers(randomInt(2 ** 32), () => performance.now() < endMs)
    expect(inputs).toBeGreaterThan(100_000)
    expect(slowestMs).toBeLessThan(5_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * MIB)
  },
  2 * TEN_MINUTES_MS,
)
