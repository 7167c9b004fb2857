import { AMOUNT_MAX } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { describe, expect, test } from '@jest/globals'
import { profilesWith } from '../../../test/profiles-with.ts'
import { assertGenesis, devnetGenesis, type ProductionOptions, productionGenesis } from '../machine/genesis.ts'
import { devnetParams, productionParams } from '../machine/params.ts'
import { faultOfParams, faultOfTimes, paramBounds } from './param-bounds.ts'

const PERIOD_MS = 3_000

test('the parameters of a devnet and of production lie within their bounds, at any block time', () => {
  for (const blockTimeMs of [50, 500, 1_000, 5_000]) expect(faultOfParams(devnetParams(blockTimeMs))).toBeUndefined()
  for (const blockTimeMs of [200, 500, 1_000, 2_000, 2_500, 5_000, 30_000, 60_000]) {
    const params = productionParams(blockTimeMs)
    expect([blockTimeMs, faultOfParams(params), faultOfTimes(params, PERIOD_MS)]).toEqual([
      blockTimeMs,
      undefined,
      undefined,
    ])
  }
  expect([5_000, 30_000, 60_000].map((ms) => productionParams(ms).seedDelay)).toEqual([12, 2, 2])
  // 14 s are two blocks of 5 s: too few to answer in, and a longer window would be long enough to seal again.
  expect(productionParams().profiles.map(({ name }) => name)).not.toContain('512MiB')
})

describe('one step beyond', () => {
  const names = Object.keys(paramBounds) as (keyof typeof paramBounds)[]
  const sound = productionParams()

  test.each(names)('%s is refused by name, on either side', (name) => {
    const { min, max } = paramBounds[name]
    const like = (value: bigint): number | bigint => (typeof sound[name] === 'bigint' ? value : Number(value))
    for (const value of [min - 1n, max + 1n]) {
      const params = { ...sound, [name]: like(value) } as ChainParams
      expect(faultOfParams(params)).toContain(`${name} is ${value}`)
    }
  })

  test.each([
    ['a window in which a replica could be made anew', { '512MiB': 5 }],
    ['a window in which no answer can be sent', { '32GiB': 4 }],
    ['a window that never ends, of a profile that no time bounds', { '8MiB-dev': 2 ** 20 + 1 }],
  ])('%s is refused', (_, windows) => {
    const params = { ...sound, profiles: profilesWith(windows, sound.profiles) }
    expect(faultOfParams(params)).toContain('response window')
  })

  test('it never pays to miss a proof instead of declaring the fault, or to leave instead of missing', () => {
    expect(faultOfParams({ ...sound, declaredFaultFee: sound.missedProofFee + 1 })).toContain('declared fault')
    expect(faultOfParams({ ...sound, missedProofFee: sound.terminationFee + 1 })).toContain('termination')
    expect(faultOfParams({ ...sound, dealDurationMin: sound.dealDurationMax + 1 })).toContain('longest')
  })
})

describe('a chain that is no devnet is refused', () => {
  const sound = productionParams()
  const slow = productionParams(60_000)

  test.each<[string, ChainParams, string]>([
    ['when a seed could be known in the block of its pre-commit', { ...slow, seedDelay: 1 }, 'seedDelay is 1'],
    ['when it could be known before that block is final', { ...sound, seedDelay: 4 }, 'seedDelay is 4'],
    ['when who declares could know the draw', { ...slow, cutoff: 1 }, 'cutoff is 1'],
    ['when clocks may be further apart than the margin', { ...sound, seedMarginMs: 12_999 }, 'seedMarginMs is 12999'],
    ['when honest rounds would be late', { ...sound, beaconLatenessMs: 14_999 }, 'between 15000 and 8640000'],
    ['when rounds may be withheld for hours', { ...sound, beaconLatenessMs: 8_640_001 }, 'between 15000 and 8640000'],
    [
      'when an answer would come too late to count',
      {
        ...sound,
        blockTimeMs: 2_200,
        profiles: profilesWith({ '512MiB': 6 }, sound.profiles),
        cutoff: 30,
        seedDelay: 30,
        unbonding: 100_000,
      },
      'no time to answer a challenge of 512MiB',
    ],
  ])('%s', (_, params, why) => {
    expect(faultOfTimes(params, PERIOD_MS)).toContain(why)
    const genesis = { ...productionGenesis(production), blockTimeMs: params.blockTimeMs, params }
    expect(() => assertGenesis(genesis)).toThrow(why)
    expect(() => assertGenesis({ ...genesis, devnet: true })).not.toThrow()
  })

  test('when its clocks may run away within a few blocks', () => {
    expect(faultOfParams({ ...slow, clockLeadMs: 239_999 })).toContain('four block times')
  })
})

const production: ProductionOptions = {
  chainId: 'barn-1',
  validator: `0x${'00'.repeat(32)}`,
  beacon: { publicKey: `0x${'00'.repeat(96)}`, genesisTimeMs: 0, periodMs: PERIOD_MS },
  accounts: [{ address: `0x${'01'.repeat(20)}`, balance: 1n }],
  timeMs: 1,
}

test('a genesis whose supply could leave 128 bits by all that it may mint is refused', () => {
  const address = `0x${'01'.repeat(20)}` as const
  const beaconPublicKey = `0x${'00'.repeat(96)}` as const
  const base = devnetGenesis({ validator: `0x${'00'.repeat(32)}`, beaconPublicKey, faucet: address, timeMs: 0 })
  const { capacityReward, rewardHalving } = base.params
  const room = AMOUNT_MAX / 10n - 2n * capacityReward * BigInt(rewardHalving) - base.params.validatorBondMin
  const withSupply = (balance: bigint) => ({ ...base, accounts: [{ address, balance }] })
  expect(() => assertGenesis(withSupply(room))).not.toThrow()
  expect(() => assertGenesis(withSupply(room + 1n))).toThrow('128 bits')
})
