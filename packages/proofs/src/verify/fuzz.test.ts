import { equalBytes } from '@granary/base'
import { expect, test } from '@jest/globals'
import { fuzzVerifiers } from '../../test/fuzz-verifiers.ts'
import { mutateBytes } from '../../test/mutate-bytes.ts'
import { forgedPoRep } from '../../test/porep-parts.ts'
import { createRandom } from '../../test/random.ts'
import { noise } from '../../test/support.ts'
import { profiles } from '../spec/profile.ts'
import { verifyPoRep } from './index.ts'

const INPUTS = 15_000
const MIB = 2 ** 20

test('15,000 random and mutated inputs are each answered by a verdict with a known reason', () => {
  const before = process.memoryUsage().rss
  const { inputs, verdicts, slowestMs } = fuzzVerifiers(1, (done) => done < INPUTS)
  expect(inputs).toBe(INPUTS)
  expect(Object.keys(verdicts)).toEqual(
    expect.arrayContaining([
      'ok',
      'INPUT_INVALID',
      'BUNDLE_LENGTH_WRONG',
      'BUNDLE_MAGIC_WRONG',
      'COMMITMENT_ZERO',
      'COMM_R_MISMATCH',
      'COLUMN_NOT_IN_COMM_C',
      'LABEL_MISMATCH',
      'DATA_NOT_IN_FIELD',
      'DATA_NOT_IN_COMM_D',
      'REPLICA_NOT_IN_COMM_R',
    ]),
  )
  expect(slowestMs).toBeLessThan(5_000)
  expect(process.memoryUsage().rss - before).toBeLessThan(512 * MIB)
})

test('mutated bundles of a production profile are refused', () => {
  const random = createRandom(2)
  const good = forgedPoRep({
    profile: profiles['4GiB'],
    provider: 1000,
    sectorNumber: 7,
    ticket: noise('ticket', 32),
    seed: noise('seed', 32),
  })
  for (let i = 0; i < 20; i += 1) {
    const bundle = mutateBytes(good.bundle, random)
    expect([i, verifyPoRep({ ...good, bundle }).ok]).toEqual([i, equalBytes(bundle, good.bundle)])
  }
})
