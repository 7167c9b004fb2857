/** Thirty times one of four validators is killed at some instant, and once at each point of a block, each way. */
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import type { AbciPoint } from '../packages/chain/test/abci-relay.ts'
import { cometCanBeBuilt, type Victim } from './comet.ts'
import { crashes, killRounds } from './comet-kills.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { type RelayedNetwork, startRelayedNetwork } from './relayed-comet.ts'
import { withComet } from './with-comet.ts'

const ROUNDS = 30
const ROUND_MS_MAX = 200_000
const calls: readonly AbciPoint['call'][] = ['info', 'prepareProposal', 'processProposal', 'finalizeBlock', 'commit']
const moments: readonly AbciPoint['moment'][] = ['asked', 'begun', 'answered', 'told']
const victims: readonly Victim[] = ['application', 'comet', 'both']
const all = calls.flatMap((call) => moments.flatMap((moment) => victims.map((victim) => ({ call, moment, victim }))))

let bench: Workbench
let network: RelayedNetwork

beforeAll(async () => {
  bench = createWorkbench()
  if (cometCanBeBuilt) network = await startRelayedNetwork(bench, {})
}, BUILD_MS_MAX)
afterAll(async () => {
  await network?.stop()
  await bench.close()
}, ROUND_MS_MAX)

withComet(
  `one of four is killed ${ROUNDS} times: blocks go on, and it has the same state each time it is back`,
  () => killRounds(network, { seed: randomInt(2 ** 31), rounds: ROUNDS }),
  ROUNDS * ROUND_MS_MAX,
)

withComet(
  'one of four dies at each point of a block, each way: nothing is twice, and nothing is lost',
  () => crashes(network, all),
  all.length * ROUND_MS_MAX,
)
