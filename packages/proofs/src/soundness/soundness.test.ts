import { describe, expect, test } from '@jest/globals'
import { noise } from '../../test/support.ts'
import { drawSamples } from '../spec/post-samples.ts'
import { profiles } from '../spec/profile.ts'
import { countFor, soundness } from './index.ts'

describe('the chance to be caught', () => {
  test.each([
    [0.001, 80, 2, 0.1479],
    [0.01, 80, 2, 0.7997],
    [0.5, 1, 1, 0.5],
    [1, 1, 1, 1],
    [0, 80, 2, 0],
    [1e-20, 10, 10, 1e-18],
  ])('of a loss of %d at %i samples and %i challenges is %d', (share, count, challenges, chance) => {
    expect(soundness({ share, count, challenges })).toBeCloseTo(chance, 4)
  })

  test('stays exact for the smallest losses', () => {
    expect(soundness({ share: 1e-20, count: 10, challenges: 10 })).toBeCloseTo(1e-18, 30)
  })

  // The rule of docs/spec/proofs.md section 9, word for word.
  test('is one less the chance that every sample hits what is left', () => {
    for (const share of [0.001, 0.01, 0.1, 0.5])
      for (const count of [1, 10, 80])
        expect(soundness({ share, count, challenges: 3 })).toBeCloseTo(1 - (1 - share) ** (count * 3), 12)
  })
})

describe('the count for a wanted chance', () => {
  test('is the smallest that reaches it', () => {
    for (const share of [0.001, 0.01, 0.1, 0.5, 1])
      for (const wanted of [0, 0.1, 0.8, 0.99, 0.999999])
        for (const challenges of [1, 2, 30]) {
          const count = countFor({ share, wanted, challenges })
          expect(soundness({ share, count, challenges })).toBeGreaterThanOrEqual(wanted)
          if (count > 1) expect(soundness({ share, count: count - 1, challenges })).toBeLessThan(wanted)
        }
  })

  test('is the count whose own chance is wanted, though logarithms round', () => {
    for (const share of [0.001, 0.003, 0.01, 0.07, 0.1])
      for (let count = 1; count <= 120; count += 1)
        for (const challenges of [1, 2, 3]) {
          const wanted = soundness({ share, count, challenges })
          // Nearer to 1 than that, several counts have one and the same chance.
          if (wanted > 0.999) continue
          expect(countFor({ share, wanted, challenges })).toBe(count)
          expect(countFor({ share, wanted: wanted * (1 + Number.EPSILON), challenges })).toBe(count + 1)
        }
  })

  test('finds 1 % lost with 99 % in one challenge by 459 samples', () => {
    expect(countFor({ share: 0.01, wanted: 0.99, challenges: 1 })).toBe(459)
  })
})

const invalid = expect.objectContaining({ code: 'SOUNDNESS_INPUT_INVALID' })
test.each([
  [{ share: -0.1, count: 1, challenges: 1 }],
  [{ share: Number.NaN, count: 1, challenges: 1 }],
  [{ share: 0.5, count: 0, challenges: 1 }],
  [{ share: 0.5, count: 1.5, challenges: 1 }],
  [{ share: 0.5, count: 1, challenges: 0 }],
])('%j is refused', (input) => {
  expect(() => soundness(input)).toThrow(invalid)
})

test.each([
  [{ share: 0, wanted: 0.5, challenges: 1 }],
  [{ share: 0.5, wanted: 1, challenges: 1 }],
  [{ share: 0.5, wanted: 1.1, challenges: 1 }],
  [{ share: 1e-300, wanted: 0.5, challenges: 1 }],
])('no count is found for %j', (input) => {
  expect(() => countFor(input)).toThrow(invalid)
})

/**
 * A provider who lost a share of what the list holds, told apart by a hash of sector and leaf, and the real draw of
 * samples. Caught where a sample hits what is lost.
 */
describe('measured over real draws', () => {
  const DRAWS = 2000
  const SECTORS = 64

  test.each([
    [0.001, 80],
    [0.01, 80],
    [0.1, 10],
    [0.5, 2],
  ])('a loss of %d of a partition is found by %i samples as often as computed', (share, count) => {
    const isLost = losses(share)
    let caught = 0
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const randomness = noise(`draw ${share} ${draw}`, 32)
      const challenge = { profile: profiles['4GiB'], provider: 1000, partition: draw, randomness, count }
      const samples = drawSamples(challenge, SECTORS)
      if (samples.some(({ position, leaves }) => leaves.some((leaf) => isLost(position, leaf)))) caught += 1
    }
    const chance = soundness({ share, count, challenges: 1 })
    const sigma = Math.sqrt((chance * (1 - chance)) / DRAWS)
    expect(Math.abs(caught / DRAWS - chance)).toBeLessThan(3 * sigma)
  })

  test('whole sectors lost are found as surely as scattered leaves', () => {
    let caught = 0
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const randomness = noise(`sectors ${draw}`, 32)
      const challenge = { profile: profiles['512MiB'], provider: 7, partition: 0, randomness, count: 10 }
      if (drawSamples(challenge, 20).some(({ position }) => position >= 18)) caught += 1
    }
    const chance = soundness({ share: 0.1, count: 10, challenges: 1 })
    expect(Math.abs(caught / DRAWS - chance)).toBeLessThan(3 * Math.sqrt((chance * (1 - chance)) / DRAWS))
  })

  /** Lost at random with the chance `share`, always the same: the leaf's place mixed by a multiplicative hash. */
  function losses(share: number): (sector: number, leaf: number) => boolean {
    return (sector, leaf) => {
      const mixed = Math.imul(Math.imul(leaf ^ (sector << 20), 0x9e3779b1) ^ 0x85ebca6b, 0xc2b2ae35)
      return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32 < share
    }
  }
})
