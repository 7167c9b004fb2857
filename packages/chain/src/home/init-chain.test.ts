import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { genesisHash } from '@granary/protocol/records'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { temporaryFolder } from '../../test/devnet.ts'
import { quicknet } from '../engine/quicknet.ts'
import { runChain } from '../main.ts'
import { genesisFromJson, productionParams } from '../state/index.ts'
import { homeFiles } from './home-files.ts'
import { initChain } from './init-chain.ts'
import { readHome } from './read-home.ts'

let home: string

beforeEach(async () => {
  home = await temporaryFolder()
})

afterEach(() => rm(home, { recursive: true }))

test('a new chain has its genesis and its keys, which only their owner may read', async () => {
  const made = await initChain({ home, devnet: true, blockTimeMs: 50, timeMs: 1_700_000_000_000 })
  const genesis = genesisFromJson(JSON.parse(await readFile(homeFiles(home).genesis, 'utf8')))
  expect(genesisHash(genesis)).toBe(made.genesisHash)
  expect(genesis).toMatchObject({ blockTimeMs: 50, timeMs: 1_700_000_000_000, devnet: true })
  for (const path of made.files) expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a folder that has a chain is left as it is', async () => {
  await initChain({ home, devnet: true })
  const before = await readFile(homeFiles(home).genesis, 'utf8')
  await expect(initChain({ home, devnet: true })).rejects.toMatchObject({ code: 'HOME_EXISTS' })
  expect(await readFile(homeFiles(home).genesis, 'utf8')).toBe(before)
})

test('an init that was cut off before the genesis can be done again', async () => {
  await initChain({ home, devnet: true })
  await rm(homeFiles(home).genesis)
  await expect(readHome(home)).rejects.toMatchObject({ code: 'HOME_MISSING' })
  await initChain({ home, devnet: true })
  await expect(readHome(home)).resolves.toMatchObject({ genesis: { devnet: true } })
})

const GRN = 10n ** 18n
const rich = { address: `0x${'11'.repeat(20)}`, balance: 10n ** 9n * GRN } as const
const production = { devnet: false, chainId: 'barn-1', accounts: [rich] } as const

test('a chain for production takes its randomness from quicknet, and has no faucet', async () => {
  const { files } = await initChain({ home, ...production })
  expect(files).toEqual([homeFiles(home).validatorKey, homeFiles(home).genesis])
  const { genesis, beaconKey, faucetKey } = await readHome(home)
  expect([beaconKey, faucetKey]).toEqual([undefined, undefined])
  expect(genesis).toMatchObject({ chainId: 'barn-1', devnet: false, blockTimeMs: 5_000, accounts: [rich] })
  expect(genesis).toMatchObject({ beacon: quicknet, params: productionParams() })
})

test.each([
  ['nobody has money', { accounts: [] }],
  ['its accounts are empty', { accounts: [{ ...rich, balance: 0n }] }],
  ['an account stands there twice', { accounts: [rich, rich] }],
  ['there is more money than can be counted', { accounts: [{ ...rich, balance: 2n ** 127n }] }],
  ['it starts before its beacon', { timeMs: 1 }],
  ['its blocks come faster than the parameters bear', { blockTimeMs: 1 }],
])('a chain for production is refused when %s, and leaves no file', async (_, given) => {
  await expect(initChain({ home, ...production, ...given })).rejects.toMatchObject({ code: 'GENESIS_INVALID' })
  await expect(stat(homeFiles(home).validatorKey)).rejects.toMatchObject({ code: 'ENOENT' })
})

test.each(['validatorKey', 'beaconKey', 'faucetKey'] as const)(
  'a %s that is missing, broken or foreign is refused',
  async (key) => {
    await initChain({ home, devnet: true })
    const path = homeFiles(home)[key]
    for (const content of ['nonsense', '11'.repeat(32)]) {
      await writeFile(path, content)
      await expect(readHome(home)).rejects.toMatchObject({ code: 'KEY_INVALID', details: { path } })
    }
    await rm(path)
    await expect(readHome(home)).rejects.toMatchObject({ code: 'KEY_INVALID' })
  },
)

test.each(['{', '{}', 'null', '{"chainId":7}'])('a genesis file that holds %s is refused', async (content) => {
  await initChain({ home, devnet: true })
  await writeFile(homeFiles(home).genesis, content)
  await expect(readHome(home)).rejects.toMatchObject({ code: expect.stringMatching(/^(GENESIS|MESSAGE)_INVALID$/) })
})

test('a genesis with a second validator is refused by the engine that has one', async () => {
  await initChain({ home, devnet: true })
  const path = homeFiles(home).genesis
  const genesis = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(
    path,
    JSON.stringify({
      ...genesis,
      validators: [...genesis.validators, `0x${'77'.repeat(32)}`],
      owners: [...genesis.owners, genesis.owners[0]],
    }),
  )
  await expect(runChain({ home, port: 0 })).rejects.toMatchObject({
    code: 'GENESIS_INVALID',
    message: expect.stringContaining('2 validators'),
  })
  await writeFile(path, JSON.stringify({ ...genesis, validators: [] }))
  await expect(runChain({ home, port: 0 })).rejects.toMatchObject({ code: 'GENESIS_INVALID' })
})
