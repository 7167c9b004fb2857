/** The key of a validator is run on two machines: chance decides when the two first vote for different blocks. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import { BOND, type BondedNetwork, startBondedNetwork } from './bonded-network.ts'
import { cometCanBeBuilt, type Validator } from './comet.ts'
import { fundedSigner, transfer } from './comet-kills.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { withComet } from './with-comet.ts'

const TEST_MS_MAX = 600_000

let bench: Workbench
let bonded: BondedNetwork
let twins: readonly Validator[] = []

beforeAll(async () => {
  bench = createWorkbench()
  if (cometCanBeBuilt) bonded = await startBondedNetwork(bench)
}, BUILD_MS_MAX)
afterAll(async () => {
  await Promise.all([bonded?.network.stop(), ...twins.map((each) => each.stop())])
  await bench.close()
}, TEST_MS_MAX)

withComet(
  'one whose key is run twice is slashed, and never votes again',
  async () => {
    const { network, standing } = bonded
    twins = [await bonded.join('one'), await bonded.join('two')]
    await bonded.bond()
    const payer = await fundedSigner(network)
    // Messages come to the two at different moments, so that what they propose differs.
    await eventually('it is slashed', TEST_MS_MAX, async () => {
      await transfer(network, payer, 1)
      return (await standing()).jailed === 'signed-twice'
    })
    const { bond, power } = await standing()
    expect(power).toBe(0)
    expect(BigInt(bond)).toBeLessThan(BOND)
    const { height } = await network.validators[0]!.client.status()
    await network.agree(height + 3)
  },
  TEST_MS_MAX,
)
