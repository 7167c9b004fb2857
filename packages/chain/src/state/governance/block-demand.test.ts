import { type ProfileName, profileNamed, profiles } from '@granary/proofs/profile'
import { porepBundleBytes, postBundleBytes } from '@granary/proofs/verify'
import type { ChainParams } from '@granary/protocol/records'
import { describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { profilesWith } from '../../../test/profiles-with.ts'
import { devnetParams, productionParams } from '../machine/params.ts'
import { answersDemand, sealDemand } from './block-demand.ts'
import { faultOfParams } from './param-bounds.ts'

const zeros = new Uint8Array(32)
const only = (name: ProfileName): ChainParams => ({
  ...devnetParams(),
  profiles: profilesWith({ [name]: 5 }),
})

test('of production and of a devnet, all answers of an epoch fit into three quarters of a block', () => {
  const shares = [productionParams(), devnetParams()].map((params) => {
    const { bytes, units } = answersDemand(params)
    return [bytes / params.blockBytes, units / params.blockVerifyUnits].map((share) => Math.round(100 * share))
  })
  expect(shares).toEqual([
    [47, 50],
    [61, 74],
  ])
})

describe.each(Object.keys(profiles) as ProfileName[])('%s', (name) => {
  const profile = profileNamed(name)

  test('no proof is longer than a block is told to expect', () => {
    const { bytes } = sealDemand(only(name))
    for (let seed = 0; seed < 3; seed++) {
      const drawn = { ticket: sha256(Uint8Array.of(seed)), seed: sha256(Uint8Array.of(seed, 1)) }
      expect(porepBundleBytes({ profile, provider: 1_000, sectorNumber: seed, commD: zeros, ...drawn })).toBeLessThan(
        bytes,
      )
    }
  })

  test('no answer is longer either', () => {
    const params = only(name)
    const { postSamples, slotPartitionsMax, recoveriesPerEpoch } = params
    const { bytes } = answersDemand(params)
    const length = (count: number): number =>
      postBundleBytes({ profile, provider: 1_000, partition: 0, randomness: sha256(zeros), count, sectors: 2_048 })
    const most = 3 * slotPartitionsMax * length(postSamples) + recoveriesPerEpoch * length(4 * postSamples)
    expect(most).toBeLessThan(bytes)
    expect(most).toBeGreaterThan(bytes * (name === '2KiB-test' ? 0.7 : 0.95))
  })
})

describe('a genesis is refused', () => {
  test.each([
    ['more partitions a slot', { slotPartitionsMax: 8 }],
    ['more samples', { postSamples: 130 }],
    ['more recoveries', { recoveriesPerEpoch: 8 }],
  ])('%s: answers of one epoch would fill more than three quarters of a block', (_, given) => {
    expect(faultOfParams({ ...productionParams(), ...given })).toContain('three quarters of a block')
  })

  test('when half of a block does not hold two of the largest proofs of replication, in bytes or in units', () => {
    const sound = productionParams()
    for (const given of [{ blockBytes: 9 * 2 ** 20 }, { blockVerifyUnits: 1_400_000 }]) {
      expect(faultOfParams({ ...sound, ...given })).toContain('two proofs of replication')
    }
  })
})
