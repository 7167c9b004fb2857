/** What who runs a validator on the real CometBFT sees of it: its metrics, and in its log each outage once. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import { cometCanBeBuilt, type Network, startNetwork, type Validator } from './comet.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { withComet } from './with-comet.ts'

const TEST_MS_MAX = 300_000
/** A chain whose head has stood for ten seconds says so. */
const SAID_WITHIN_MS = 60_000

let bench: Workbench
let network: Network

beforeAll(async () => {
  bench = createWorkbench()
  if (cometCanBeBuilt) network = await startNetwork(bench, { validators: 2 })
}, BUILD_MS_MAX)
afterAll(async () => {
  await network?.stop()
  await bench.close()
}, TEST_MS_MAX)

async function figuresOf({ url }: Validator): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const samples = [...text.matchAll(/^granary_comet_(\w+) (\d+)$/gm)]
  return new Map(samples.map(([, name, value]) => [name!, Number(value)]))
}

withComet(
  'what CometBFT says of itself is read from its node',
  async () => {
    const [first] = network.validators as [Validator]
    await network.grows(first, 2)
    const figures = await figuresOf(first)
    expect(Object.fromEntries(figures)).toEqual({
      up: 1,
      height: expect.any(Number),
      catching_up: 0,
      peers: 1,
      round: expect.any(Number),
      mempool_txs: expect.any(Number),
      mempool_bytes: expect.any(Number),
      validators: 2,
      validators_missing: 0,
    })
    expect(figures.get('height')).toBeGreaterThan(0)
  },
  TEST_MS_MAX,
)

withComet(
  'an outage is said once, and its end once',
  async () => {
    const [first, second] = network.validators as [Validator, Validator]
    const said = (type: string) =>
      first
        .logs()
        .split('\n')
        .filter((line) => line.includes(`"type":"${type}"`))
    const before = said('stalled').length
    await second.stop()
    await eventually('the outage is said', SAID_WITHIN_MS, async () => said('stalled').length > before)
    await eventually('the peer is gone', SAID_WITHIN_MS, async () => (await figuresOf(first)).get('peers') === 0)
    await second.start()
    await network.grows(first, 2)
    await eventually('its end is said', SAID_WITHIN_MS, async () => said('stalled:over').length > before)
    expect(said('stalled')).toHaveLength(before + 1)
    expect(said('stalled').at(-1)).toContain('CONSENSUS_STALLED')
  },
  TEST_MS_MAX,
)
