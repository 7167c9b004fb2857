import { describe, expect, test } from '@jest/globals'
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
