/** A chain of one validator, with a market on it, goes on with CometBFT and another node joins: who used it before goes on without knowing. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createChainClient } from '@granary/protocol/client'
import { chainHeaders, createLightClient } from '@granary/protocol/light'
import { genesisHash } from '@granary/protocol/records'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { cometCanBeBuilt, freePorts } from './comet.ts'
import { BUILD_MS_MAX, COMETBFT, goProgram } from './go-program.ts'
import { envelope } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { fileOf, type Market, put, sameBytes, startMarket, succeeded, timelineOf } from './story.ts'
import { withComet } from './with-comet.ts'

const TEST_MS_MAX = 300_000
const HOST = '127.0.0.1'
/** Of deals and of answers to challenges. */
const ANSWERS_MORE = 1

let market: Market

beforeAll(async () => {
  if (!cometCanBeBuilt) return
  goProgram(COMETBFT)
  market = await startMarket({ quick: true })
}, BUILD_MS_MAX)
afterAll(() => market?.bench.close(), TEST_MS_MAX)

async function answersOf(dealId: number): Promise<number> {
  const types = (await timelineOf(market.provider.url, dealId)).map(({ type }) => type)
  expect(types).not.toContain('post-missed')
  return types.filter((type) => type === 'post-accepted').length
}

withComet(
  "a market goes on when its chain is grown into a network, and the headers follow from the genesis' validator",
  async () => {
    const { bench, client, chain, provider } = market
    const port = Number(new URL(chain.url).port)
    const file = fileOf(bench, 'before.bin', 200_000)
    const { data: before } = await put(bench, file, chain.url)
    await eventually('a challenge is answered', TEST_MS_MAX, async () => (await answersOf(before.dealId)) > 0)

    const genesis = await client.genesis()
    const { validators, timeMs } = genesis
    const believed = { genesisHash: genesisHash(genesis), validators, from: { timeMs } }
    const light = createLightClient({ chain: client, headers: chainHeaders(believed, { chain: client }) })
    const payout = (await light.provider(1_000)).value!.payout
    await light.account(payout)

    succeeded(await chain.stop())
    const answered = await answersOf(before.dealId)
    const first = await freePorts(4)
    const grow = ['chain', 'grow', '--home', bench.home, '--listen', `${HOST}:${first}`, '--json']
    const grown = envelope<{ height: number; appHash: string }>(succeeded(await bench.run(grow))).data
    keepStatesOften(join(bench.home, 'chain', 'network.json'))
    const args = ['--cometbft', goProgram(COMETBFT)]
    const onComet = await bench.startChain({ port, args })
    await eventually(
      'CometBFT makes blocks',
      TEST_MS_MAX,
      async () => (await client.status()).height > grown.height + 2,
    )
    // The state of before stands in the first header that was voted for.
    const block = await client.block(grown.height + 1)
    expect(block.header.appHash).toBe(grown.appHash)
    expect(block.header.previousHash).toBe((await client.block(grown.height)).hash)

    expect(light.stateHeight).toBeLessThanOrEqual(grown.height)
    expect((await light.deal(before.dealId)).value).toBeDefined()
    expect(light.stateHeight).toBeGreaterThan(grown.height)
    await eventually('challenges are answered as before', TEST_MS_MAX, async () => {
      return (await answersOf(before.dealId)) >= answered + ANSWERS_MORE
    })
    expect((await client.deal(before.dealId)).state).toBe('active')
    const after = await put(bench, fileOf(bench, 'after.bin', 200_000), chain.url)
    expect((await client.deal(after.data.dealId)).state).toBe('active')
    const out = join(bench.home, 'out.bin')
    succeeded(await bench.run(['get', before.rootCid, '-o', out, '--chain', chain.url]))
    expect(sameBytes(out, file)).toBe(true)
    succeeded(await bench.run(['verify', before.rootCid, '--chain', chain.url]))

    const joined = await joinGrown(first, grown.height)
    const other = createChainClient({ url: joined.url })
    await eventually('the other node follows', TEST_MS_MAX, async () => {
      return (await other.status()).height >= (await client.status()).height - 1
    })
    expect(await other.deal(before.dealId)).toMatchObject({ state: 'active' })
    await joined.stop()
    await provider.stop()
    succeeded(await onComet.stop())
    const verified = succeeded(await bench.run(['chain', 'verify', '--home', bench.home, '--json']))
    expect(envelope(verified).data).toMatchObject({ voted: expect.any(Number) })
  },
  TEST_MS_MAX,
)

function keepStatesOften(path: string): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), snapshotEvery: 10 }))
}

/** As its operator is told to: by an entry of the one that there is, its genesis, and the first block that was voted for. */
async function joinGrown(first: number, height: number) {
  const { bench, client } = market
  const home = join(bench.home, 'joined')
  const [entry, network] = [join(bench.home, 'ann.json'), join(bench.home, 'barn.json')]
  const said = ['--name', 'ann', '--owner', `0x${'11'.repeat(20)}`, '--address', `${HOST}:${first}`]
  succeeded(await bench.run(['chain', 'entry', '--home', bench.home, ...said, '--out', entry]))
  const genesis = join(bench.home, 'chain', 'genesis.json')
  const collected = await bench.run(['chain', 'collect', entry, '--genesis-file', genesis, '--out', network, '--json'])
  const { genesisHash: joins } = envelope<{ genesisHash: string }>(succeeded(collected)).data
  const { hash } = await client.block(height + 1)
  const from = ['--sync-from', `http://${HOST}:${first + 1}`, '--trust', `${height + 1}:${hash}`]
  const where = ['--home', home, '--listen', `${HOST}:${first + 2}`]
  succeeded(await bench.run(['chain', 'join', network, '--genesis-hash', joins, ...where, ...from]))
  // A devnet's nodes all have the key of its beacon.
  copyFileSync(join(bench.home, 'chain', 'beacon.key'), join(home, 'chain', 'beacon.key'))
  return bench.startChain({ home, args: ['--cometbft', goProgram(COMETBFT)] })
}
