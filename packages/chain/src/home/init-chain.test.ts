import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { temporaryFolder } from '../../test/devnet.ts'
import { genesisFromJson, genesisHash } from '../state/index.ts'
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

test('a chain that is not a devnet cannot be made yet, and says so', async () => {
  await expect(initChain({ home, devnet: false })).rejects.toMatchObject({ code: 'GENESIS_UNSUPPORTED' })
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
