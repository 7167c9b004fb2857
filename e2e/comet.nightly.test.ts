/** Thirty times one of four validators is killed, by its application, by CometBFT, or by both. */
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, test } from '@jest/globals'
import { cometCanBeBuilt, type Network, startNetwork, whyNoComet } from './comet.ts'
import { killRounds } from './comet-kills.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'

const ROUNDS = 30
const ROUND_MS_MAX = 200_000

let bench: Workbench
let network: Network

beforeAll(async () => {
  bench = createWorkbench()
  if (cometCanBeBuilt) network = await startNetwork(bench)
}, BUILD_MS_MAX)
afterAll(async () => {
  await network?.stop()
  await bench.close()
}, ROUND_MS_MAX)

const withComet = cometCanBeBuilt ? test : test.skip

withComet(
  `one of four is killed ${ROUNDS} times: blocks go on, and it has the same state each time it is back${whyNoComet}`,
  () => killRounds(network, { seed: randomInt(2 ** 31), rounds: ROUNDS }),
  ROUNDS * ROUND_MS_MAX,
)
