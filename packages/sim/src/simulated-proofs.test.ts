import { expect, test } from '@jest/globals'
import { createDisk } from './disk.ts'
import { createRandom } from './random.ts'
import { PROFILE, provePost, verifyPost } from './simulated-proofs.ts'

const sectors = [0, 1, 2].map((number) => ({ number, commR: new Uint8Array(32).fill(number + 1) }))
const place = { provider: 1000, partition: 0, count: 80, sectors }

function disk(shares: readonly number[]) {
  const made = createDisk(PROFILE)
  for (const [number, share] of shares.entries()) {
    made.store(number, 0)
    made.keep(number, share, 0)
  }
  return made
}

test('a hole is met with the probability of its size: 1 − 0.99⁸⁰ for one percent, whole disks never fail', () => {
  const random = createRandom(1, 'challenges')
  let missed = 0
  for (let index = 0; index < 300; index += 1) {
    const challenge = { ...place, randomness: random.bytes32() }
    expect(provePost(disk([1, 1, 1]), challenge)).toBeDefined()
    if (provePost(disk([0.99, 0.99, 0.99]), challenge) === undefined) missed += 1
  }
  // 165.8 ± 3 standard deviations.
  expect(missed).toBeGreaterThan(139)
  expect(missed).toBeLessThan(192)
})

test('a proof is taken for its own challenge, and refused when one sample is not opened', () => {
  const challenge = { ...place, profile: PROFILE, randomness: new Uint8Array(32).fill(9) }
  const bundle = provePost(disk([1, 1, 1]), challenge)!
  expect(verifyPost({ ...challenge, bundle })).toEqual({ ok: true })
  for (const sample of [0, 40, 79]) {
    expect(verifyPost({ ...challenge, bundle: bundle.with(sample, 0) })).toMatchObject({ ok: false })
  }
})

test('a disk counts the bytes in use for as long as they are', () => {
  const made = createDisk(PROFILE)
  made.store(1, 10)
  made.keep(1, 0.5, 20)
  made.keep(1, 0, 30)
  expect(made.usage(100)).toBe(BigInt(PROFILE.sectorBytes) * 10n + BigInt(PROFILE.sectorBytes / 2) * 10n)
  expect(made.numbers()).toEqual([])
})
