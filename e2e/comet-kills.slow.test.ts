/** What one validator of four may suffer while the chain goes on, on the real CometBFT: kills at any instant and at points of a block, and restarts. */
import { afterAll, beforeAll } from '@jest/globals'
import { cometCanBeBuilt } from './comet.ts'
import { type Crash, crashes, killRounds } from './comet-kills.ts'
import { rollingRestart } from './comet-restarts.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { type RelayedNetwork, startRelayedNetwork } from './relayed-comet.ts'
import { withComet } from './with-comet.ts'

const ONE_KILLED = 'one of four is killed: blocks go on, and it has the same state once it is back'
const KILLED_AT = 'one of four dies at a point of a block: nothing is twice, and nothing is lost'
const ROLLING = 'four restart one after the other under load: each follows again, and no acknowledged message is lost'
const TEST_MS_MAX = 300_000
const BLOCK_MS = 200

/** Before its execution, after it, around its commit, and when CometBFT does not hear of that. */
const points: readonly Crash[] = [
  { call: 'finalizeBlock', moment: 'asked', victim: 'application' },
  { call: 'finalizeBlock', moment: 'answered', victim: 'application', twice: true },
  { call: 'commit', moment: 'asked', victim: 'application' },
  { call: 'commit', moment: 'begun', victim: 'application' },
  { call: 'commit', moment: 'answered', victim: 'application' },
  { call: 'commit', moment: 'answered', victim: 'comet' },
]

let bench: Workbench
let network: RelayedNetwork

beforeAll(async () => {
  bench = createWorkbench()
  if (cometCanBeBuilt) network = await startRelayedNetwork(bench, { blockTimeMs: BLOCK_MS })
}, BUILD_MS_MAX)
afterAll(async () => {
  await network?.stop()
  await bench.close()
}, TEST_MS_MAX)

withComet(ONE_KILLED, () => killRounds(network, { seed: 14, rounds: 6 }), TEST_MS_MAX)
withComet(KILLED_AT, () => crashes(network, points), TEST_MS_MAX)
withComet(
  ROLLING,
  async () => {
    const followedMs = await rollingRestart(network)
    console.info(`each followed the head again after ${followedMs.map((ms) => Math.round(ms)).join(', ')} ms`)
  },
  TEST_MS_MAX,
)
