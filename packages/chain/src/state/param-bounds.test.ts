import { describe, expect, test } from '@jest/globals'
import { AMOUNT_MAX } from '../messages/index.ts'
import { assertGenesis, devnetGenesis } from './genesis.ts'
import { faultOfParams, paramBounds } from './param-bounds.ts'
import { type ChainParams, devnetParams, productionParams } from './params.ts'

test('the parameters of a devnet and of production lie within their bounds, at any block time', () => {
  for (const blockTimeMs of [50, 500, 1_000, 5_000]) expect(faultOfParams(devnetParams(blockTimeMs))).toBeUndefined()
  expect(faultOfParams(productionParams())).toBeUndefined()
  // 14 s are two blocks of 5 s: too few to answer in, and a longer window would be long enough to seal again.
  expect(productionParams().responseWindows['512MiB']).toBe(0)
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
  ])('%s is refused', (_, windows) => {
    const params = { ...sound, responseWindows: { ...sound.responseWindows, ...windows } }
    expect(faultOfParams(params)).toContain('response window')
  })

  test('it never pays to miss a proof instead of declaring the fault, or to leave instead of missing', () => {
    expect(faultOfParams({ ...sound, declaredFaultFee: sound.missedProofFee + 1 })).toContain('declared fault')
    expect(faultOfParams({ ...sound, missedProofFee: sound.terminationFee + 1 })).toContain('termination')
    expect(faultOfParams({ ...sound, dealDurationMin: sound.dealDurationMax + 1 })).toContain('longest')
  })
})

test('a genesis whose supply could leave 128 bits by all that it may mint is refused', () => {
  const address = `0x${'01'.repeat(20)}` as const
  const beaconPublicKey = `0x${'00'.repeat(96)}` as const
  const base = devnetGenesis({ validator: `0x${'00'.repeat(32)}`, beaconPublicKey, faucet: address, timeMs: 0 })
  const { capacityReward, rewardHalving } = base.params
  const room = AMOUNT_MAX / 10n - 2n * capacityReward * BigInt(rewardHalving)
  const withSupply = (balance: bigint) => ({ ...base, accounts: [{ address, balance }] })
  expect(() => assertGenesis(withSupply(room))).not.toThrow()
  expect(() => assertGenesis(withSupply(room + 1n))).toThrow('128 bits')
})
