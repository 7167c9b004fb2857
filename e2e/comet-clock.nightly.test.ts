/**
 * Time on four validators whose chain takes it from a beacon, on the real CometBFT: the chain begins a day late, a validator's
 * clock is wrong, and the beacon is away.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { initChain } from '@granary/chain/node'
import { beaconKeyFrom, beaconPublicKey, signBeaconRound } from '@granary/chain/state'
import { accountSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { type DrandRelay, startDrandRelay } from '../packages/chain/test/drand-relay.ts'
import { cometCanBeBuilt, type Network, startNetwork, type Validator } from './comet.ts'
import { transfer } from './comet-kills.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, repository, type Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { withComet } from './with-comet.ts'

const BEGINS_LATE = 'a chain that begins a day after its genesis is at the time of the beacon with its second block'
const CLOCK_WRONG = 'a validator whose clock is wrong says so and does not vote, the others go on, and it comes back'
const BEACON_AWAY =
  'without its beacon a chain goes on for its lead, stands then and says why, and goes on by itself when it is back'
const TEST_MS_MAX = 600_000
const SAID_WITHIN_MS = 120_000
const DAY_MS = 86_400_000
const PERIOD_MS = 3_000
const BLOCK_MS = 1_000
/** The least that there may be: so long blocks are made without the beacon. */
const CLOCK_LEAD_MS = 60_000
const GRN = 10n ** 18n
const OFF = 3

const signer = accountSigner(new Uint8Array(32).fill(5))
const beaconKey = beaconKeyFrom(new Uint8Array(48).fill(7))
const genesisTimeMs = Date.now() - DAY_MS

let bench: Workbench
let network: Network
let relay: DrandRelay
let isAway = false

beforeAll(async () => {
  bench = createWorkbench()
  if (!cometCanBeBuilt) return
  const newest = (): number => Math.floor((Date.now() - genesisTimeMs) / PERIOD_MS) + 1
  relay = await startDrandRelay((round) => {
    if (isAway || round > newest()) return { status: 404, body: '' }
    const signature = Buffer.from(signBeaconRound(beaconKey, round)).toString('hex')
    return { body: JSON.stringify({ round, signature }) }
  }, newest)
  network = await startNetwork(bench, {
    prepare: makeProduction,
    args: ['--beacon', relay.url],
    envOf: (home) => ({
      NODE_OPTIONS: `--import=${join(repository, 'e2e/shifted-clock.ts')}`,
      GRANARY_TEST_CLOCK: clockOf(home),
    }),
  })
}, BUILD_MS_MAX)
afterAll(async () => {
  await network?.stop()
  await relay?.close()
  await bench.close()
}, TEST_MS_MAX)

function clockOf(home: string): string {
  return join(home, 'clock')
}

/** A chain for production of these validators, written a day ago, with a beacon of this machine. */
async function makeProduction(homes: readonly string[]): Promise<void> {
  const made = join(bench.home, 'made')
  await initChain({
    home: made,
    devnet: false,
    chainId: 'granary',
    accounts: [{ address: signer.address, balance: 1_000n * GRN }],
    beacon: { publicKey: beaconPublicKey(beaconKey), genesisTimeMs, periodMs: PERIOD_MS },
    timeMs: genesisTimeMs,
    blockTimeMs: BLOCK_MS,
  })
  const [own] = homes.map((home) => readJson(genesisOf(home)))
  const genesis = readJson(genesisOf(made))
  const params = { ...genesis.params, clockLeadMs: CLOCK_LEAD_MS }
  for (const home of homes) {
    writeFileSync(genesisOf(home), JSON.stringify({ ...genesis, params, validators: own!.validators }))
    writeFileSync(clockOf(home), '0')
  }
}

function genesisOf(home: string): string {
  return join(home, 'chain', 'genesis.json')
}

function readJson(path: string): { params: object; validators: unknown } {
  return JSON.parse(readFileSync(path, 'utf8')) as { params: object; validators: unknown }
}

function saysNo({ url }: Validator, code: string): Promise<void> {
  return eventually(`${url} says ${code}`, SAID_WITHIN_MS, async () => {
    const answer = await fetch(`${url}/healthz`)
    return answer.status === 503 && (await answer.text()).includes(code)
  })
}

withComet(
  BEGINS_LATE,
  async () => {
    await network.agree(4)
    const { client } = network.validators[0]!
    const [first, second] = await Promise.all([client.block(1), client.block(2)])
    expect(first.header.timeMs - genesisTimeMs).toBeLessThan(1_000)
    expect(second.header.timeMs - genesisTimeMs).toBeGreaterThan(DAY_MS - 60_000)
    // One round for the epoch, and one that shows that a day has passed.
    expect(second.txs.filter(({ id }) => id === null).length).toBeGreaterThanOrEqual(2)
    await network.agree(await transfer(network, signer, 0))
  },
  TEST_MS_MAX,
)

withComet(
  CLOCK_WRONG,
  async () => {
    const off = network.validators[OFF]!
    const clock = clockOf(join(bench.home, 'network', `node${OFF + 1}`))
    for (const aheadMs of [30_000, -DAY_MS]) {
      writeFileSync(clock, `${aheadMs}`)
      await saysNo(off, 'VALIDATOR_CLOCK_WRONG')
      // It looks each second, and has two to end CometBFT.
      await network.grows(network.validators[0]!, 4)
      const { height } = await off.client.status()
      await network.grows(network.validators[0]!, 4)
      expect((await off.client.status()).height).toBe(height)
      writeFileSync(clock, '0')
      await network.agree(await transfer(network, signer, 0))
    }
  },
  TEST_MS_MAX,
)

withComet(
  BEACON_AWAY,
  async () => {
    isAway = true
    const [asked] = network.validators as [Validator]
    // Far less than the lead, of which half may be used up.
    await network.grows(asked, 5)
    for (const each of network.validators) await saysNo(each, 'BEACON_SILENT')
    const { height, timeMs } = await asked.client.status()
    isAway = false
    await network.agree(height + 3)
    const { header } = await asked.client.block(height + 2)
    expect(header.timeMs - timeMs).toBeGreaterThan(5_000)
    await network.agree(await transfer(network, signer, 0))
  },
  TEST_MS_MAX,
)
