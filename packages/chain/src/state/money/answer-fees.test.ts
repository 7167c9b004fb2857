/** The arithmetic of docs/spec/chain.md section 3, at the parameters of production. */
import { profileNamed } from '@granary/proofs/profile'
import { describe, expect, test } from '@jest/globals'
import { productionParams } from '../machine/params.ts'
import { missFee, skipFee } from './answer-fees.ts'
import { rewardFor } from './rewards.ts'
import { perGiB } from './shares.ts'

const params = productionParams()
const { sectorBytes } = profileNamed('32GiB')
const P = BigInt(params.provingPeriod)
const floor = (perGiB(params.pledgePerGiB, sectorBytes) + 100n * P - 1n) / (100n * P)
const reward = rewardFor(params, { epoch: 1, bytes: BigInt(sectorBytes), power: 0n })
const halved = rewardFor(params, { epoch: 4 * params.rewardHalving, bytes: BigInt(sectorBytes), power: 0n })
const listOf = (incomes: readonly bigint[]) => ({ sectorBytes, incomes })
const equal = (sectors: number, income = reward) => listOf(Array<bigint>(sectors).fill(income))
const inPeriods = (fee: bigint, income = reward): number => Number((fee * 1_000n) / (income * P)) / 1_000

describe('a miss', () => {
  test('costs two periods of what the list earns', () => {
    for (const sectors of [1, 2, 160, 2_048]) {
      expect(missFee(params, equal(sectors))).toBe(2n * P * reward * BigInt(sectors))
    }
  })

  test('costs as if each earned a hundredth of its pledge a period at least', () => {
    expect(halved).toBeLessThan(floor)
    expect(missFee(params, equal(10, halved))).toBe(2n * P * floor * 10n)
    expect(missFee(params, equal(10, 0n))).toBe(2n * P * floor * 10n)
  })
})

describe('a skip', () => {
  // (N + k) / k periods of the mean, and never less than two of the sector's own.
  test.each([
    [2, 2],
    [10, 2],
    [80, 2],
    [160, 3],
    [161, 3.012],
    [2_048, 26.6],
  ])('of one of %i equal sectors costs %d periods of its income', (sectors, periods) => {
    expect(inPeriods(skipFee(params, equal(sectors), [0]))).toBe(periods)
  })

  test('costs no less after four halvings than a hundredth of the pledge a period asks', () => {
    const fee = skipFee(params, equal(2_048, halved), [5])
    expect(fee).toBe((2n * P * (2_048n + 80n) * floor + 159n) / 160n)
  })

  test('of the rich one among poor ones costs two periods of its own, of a poor one its part by the mean', () => {
    const rich = 1_000n * reward
    const list = listOf([rich, ...Array<bigint>(2_047).fill(reward)])
    expect(skipFee(params, list, [0])).toBe(2n * P * rich)
    // (2,048 + 80) / 80 periods of (1,000 + 2,047) / 2,048.
    expect(inPeriods(skipFee(params, list, [1]))).toBe(39.575)
  })

  test('is rounded up to the smallest unit', () => {
    const list = listOf(Array<bigint>(7).fill(0n))
    const odd = {
      ...params,
      provingPeriod: 1,
      postSamples: 3,
      pledgePerGiB: 100n,
      skipFloorPeriods: 100,
      missedProofFee: 2,
    }
    // ⌈2 · 1 · (7 + 3) · 7 · 32 / (2 · 3 · 7)⌉, where the floor of 32 GiB is 32.
    expect(skipFee(odd, list, [0])).toBe(107n)
  })

  test('together with others costs at most what the miss costs', () => {
    const fee = (skipped: number) =>
      skipFee(
        params,
        equal(10),
        Array.from({ length: skipped }, (_, i) => i),
      )
    expect(fee(9)).toBe(2n * P * reward * 9n)
    const poor = listOf([1_000n * reward, ...Array<bigint>(10).fill(0n)])
    expect(skipFee(params, poor, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe(missFee(params, poor))
    expect(skipFee(params, poor, [])).toBe(0n)
  })

  // A sector that lost a share g is sampled with 1 − (1 − g/N)^k.
  test.each([1, 2, 10, 80, 160, 161, 2_048])(
    'of what is gone costs twice the mean a period in a list of %i',
    (sectors) => {
      for (const share of [1, 0.5, 0.1, 0.01, 0.001]) {
        const met = 1 - (1 - share / sectors) ** params.postSamples
        const list = equal(sectors, halved)
        const periods = inPeriods(sectors === 1 ? missFee(params, list) : skipFee(params, list, [0]), floor)
        // Two challenges a period, of which one is certain; the second is on average one as well.
        expect(met * periods * 2).toBeGreaterThanOrEqual(2 * share)
      }
    },
  )
})
