/** What becomes of deals on four validators on the real CometBFT: faults, recoveries, and each way that a deal ends. */
import { createChainClient } from '@granary/protocol/client'
import { afterEach, beforeEach, expect } from '@jest/globals'
import { changeParams } from './change-params.ts'
import { cometCanBeBuilt, type Network, startNetwork, type Validator } from './comet.ts'
import { sameHistory } from './comet-kills.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { eventually, keepProvider } from './kept-provider.ts'
import { ORDER_BLOCK_MS, ORDER_PARAMS, tellStandingOrder } from './standing-order.ts'
import { everythingOf, fileOf, put, succeeded } from './story.ts'
import { withComet } from './with-comet.ts'

const TEST_MS_MAX = 900_000
/** Sealed at once: each has a sector of its own. */
const PIECE_BYTES = 3_000_000

let bench: Workbench
let network: Network

beforeEach(async () => {
  bench = createWorkbench()
  const prepare = async (homes: readonly string[]): Promise<void> => {
    for (const home of homes) changeParams(home, ORDER_PARAMS)
  }
  if (cometCanBeBuilt) network = await startNetwork(bench, { blockTimeMs: ORDER_BLOCK_MS, prepare })
}, BUILD_MS_MAX)
afterEach(async () => {
  await network?.stop()
  await bench.close()
}, TEST_MS_MAX)

withComet(
  'a deal with a standing order outlives its first end, and is paid for by proven epochs alone',
  () => tellStandingOrder(bench, network.validators[1]!),
  TEST_MS_MAX,
)

withComet(
  'a provider that was away recovers, a deal is cancelled and a sector ended early: all validators have the same of each',
  async () => {
    const [provided, asked, other] = network.validators as [Validator, Validator, Validator]
    const provider = await keepProvider({
      bench,
      chainUrl: provided.url,
      home: `${bench.home}/kept`,
      options: ['--seal-after', '0s'],
    })
    const deals: number[] = []
    for (const { url } of [provided, asked, other])
      deals.push((await put(bench, fileOf(bench, `file-${deals.length}.bin`, PIECE_BYTES), url)).data.dealId)
    const [cancelled, ended, kept] = deals as [number, number, number]
    const { client } = asked
    const sound = async (): Promise<number> =>
      (await client.partitions(provider.id)).reduce((sum, each) => sum + each.sound, 0)

    await provider.kill()
    await eventually('a proof is missed', TEST_MS_MAX, async () => (await sound()) === 0)
    await provider.start()
    await eventually('all is proven again', TEST_MS_MAX, async () => (await sound()) === deals.length)

    succeeded(await bench.run(['cancel', `${cancelled}`, '--yes', '--chain', other.url]))
    const { sector } = await client.deal(ended)
    succeeded(await provider.command(['sectors', 'terminate', `${sector!.number}`, '--yes', '--chain', provided.url]))
    await eventually('both are over', TEST_MS_MAX, async () => {
      const [first, second] = await Promise.all([client.deal(cancelled), client.deal(ended)])
      return first.state === 'cancelled' && first.locked === '0' && second.state === 'terminated'
    })

    const height = await network.grows(provided, 2)
    await network.agree(height)
    await sameHistory(network, 1, height)
    for (const { url } of network.validators) {
      const chain = createChainClient({ url })
      const views = await Promise.all(deals.map((id) => chain.deal(id)))
      expect(views.map(({ state }) => state)).toEqual(['cancelled', 'terminated', 'active'])
      for (const view of views)
        expect(everythingOf(view)).toBe(BigInt(view.terms.pricePerEpoch) * BigInt(view.terms.duration))
      expect(BigInt(views[1]!.compensated)).toBeGreaterThan(0n)
    }
    expect((await client.deal(kept)).faultedEpochs).toBeGreaterThan(0)
    await provider.stop()
  },
  TEST_MS_MAX,
)
