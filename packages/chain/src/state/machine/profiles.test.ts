import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Genesis, type GenesisJson, genesisHash, genesisToJson } from '@granary/protocol/records'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { profilesWith } from '../../../test/profiles-with.ts'
import { devnetGenesis, GenesisProfileUnknownError, genesisFromJson } from './genesis.ts'

const today = devnetGenesis({
  validator: `0x${'11'.repeat(32)}`,
  beaconPublicKey: `0x${'22'.repeat(96)}`,
  faucet: `0x${'33'.repeat(20)}`,
  timeMs: 1_700_000_000_000,
})
/** Written when there were no others. */
const genesis: Genesis = {
  ...today,
  params: { ...today.params, profiles: profilesWith({ '2KiB-test': 20, '8MiB-dev': 20, '32GiB': 1_800 }) },
}

describe('a program that knows one more profile', () => {
  let later: { readonly hashOfEarlier: string; readonly hashOfDevnet: string; readonly listing: GenesisJson }

  beforeAll(async () => {
    const script = fileURLToPath(new URL('../../../test/one-more-profile.ts', import.meta.url))
    const args = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning', script]
    const { stdout } = await promisify(execFile)(process.execPath, [...args, JSON.stringify(genesisToJson(genesis))])
    later = JSON.parse(stdout)
  }, 60_000)

  test('gives an existing genesis the hash that it always had', () => {
    expect(later.hashOfEarlier).toBe(genesisHash(genesis))
    expect(later.hashOfEarlier).toBe('0x2f25de9ec40e70038f8ed851d579278bf05ca657b7b420674a26488735a1ed31')
  })

  test('makes the same devnets, if the profile is not declared to be on them', () => {
    expect(later.hashOfDevnet).toBe(genesisHash(today))
  })

  test('takes a genesis that lists it, which this one refuses by name, with what to do', () => {
    expect(later.listing.params.profiles.map(({ name }) => name)).toEqual(['16GiB'])
    expect(() => genesisFromJson(later.listing)).toThrow(GenesisProfileUnknownError)
    expect(() => genesisFromJson(later.listing)).toThrow(
      expect.objectContaining({
        code: 'GENESIS_PROFILE_UNKNOWN',
        message: expect.stringContaining('16GiB'),
        hint: expect.stringContaining('run a release of granary that knows this profile'),
      }),
    )
  })
})

test.each([
  ['nodes', { nodes: 2 ** 20 }],
  ['layers', { layers: 12 }],
  ['challenges', { challenges: 175 }],
  ['porep id', { porepId: `0x${'00'.repeat(32)}` as const }],
])('a profile of a known name with other %s is as unknown', (_, change) => {
  const { profiles } = genesis.params
  const changed = profiles.map((each) => (each.name === '32GiB' ? { ...each, ...change } : each))
  const json = genesisToJson({ ...genesis, params: { ...genesis.params, profiles: changed } })
  expect(() => genesisFromJson(json)).toThrow(expect.objectContaining({ code: 'GENESIS_PROFILE_UNKNOWN' }))
})

test('a profile stands in a genesis once', () => {
  const { profiles } = genesis.params
  const json = genesisToJson({ ...genesis, params: { ...genesis.params, profiles: [...profiles, profiles[0]!] } })
  expect(() => genesisFromJson(json)).toThrow('a profile stands there twice')
})

describe("of a stranger's genesis", () => {
  const refusal = (profiles: Genesis['params']['profiles']): Error => {
    const json = genesisToJson({ ...genesis, params: { ...genesis.params, profiles } })
    try {
      genesisFromJson(json)
    } catch (error) {
      return error as Error
    }
    throw new Error('the genesis was taken')
  }
  const { profiles } = genesis.params

  test('a list without a profile is refused: nobody could store anything', () => {
    expect(refusal([])).toMatchObject({ code: 'GENESIS_INVALID', message: expect.stringContaining('lists no profile') })
  })

  test.each(['', 'a\u001b[2J', 'a b', 'a\n', 'ä', '\u202ebig'])(
    'a profile named %j is refused without its name',
    (name) => {
      const error = refusal([...profiles, { ...profiles[0]!, name }])
      expect(error).toMatchObject({
        code: 'GENESIS_INVALID',
        message: `the genesis is not valid: the name of profile ${profiles.length + 1} is not 1 to 32 of letters, digits, -, _ and .`,
      })
    },
  )

  test('a response window lasts at most 2²⁰ epochs, also of a profile that no time bounds', () => {
    expect(refusal(profilesWith({ '2KiB-test': 2 ** 20 + 1 }, profiles)).message).toContain(
      'between 5 and 1048576 epochs',
    )
    const longest = { ...genesis.params, profiles: profilesWith({ '2KiB-test': 2 ** 20 }) }
    expect(() => genesisFromJson(genesisToJson({ ...genesis, params: longest }))).not.toThrow()
  })
})
