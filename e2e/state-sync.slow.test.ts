/** A fresh node joins four validators by their state, and is one of them for who asks: it proves what it says and follows the head. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createChainClient } from '@granary/protocol/client'
import { cometHeaderVerifier } from '@granary/protocol/comet'
import { createLightClient } from '@granary/protocol/light'
import { genesisHash } from '@granary/protocol/records'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { nodeIdOf } from '../packages/chain/src/engine/comet/comet-home.ts'
import { cometCanBeBuilt, freePorts, type Network, startNetwork } from './comet.ts'
import { fundedSigner, RECEIVER, transfer } from './comet-kills.ts'
import { BUILD_MS_MAX, COMETBFT, goProgram } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { withComet } from './with-comet.ts'

const TEST_MS_MAX = 300_000
const SNAPSHOT_EVERY = 10
const HOST = '127.0.0.1'

let bench: Workbench
let network: Network

beforeAll(async () => {
  bench = createWorkbench()
  if (cometCanBeBuilt) network = await startNetwork(bench, { prepare: keepStatesOften })
}, BUILD_MS_MAX)
afterAll(async () => {
  await network?.stop()
  await bench.close()
}, TEST_MS_MAX)

async function keepStatesOften(homes: readonly string[]): Promise<void> {
  for (const home of homes) {
    const path = join(home, 'chain', 'network.json')
    writeFileSync(path, JSON.stringify({ ...jsonOf(path), snapshotEvery: SNAPSHOT_EVERY }))
  }
}

const jsonOf = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
const randomKey = (): string => `${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}\n`

/** That of a node which is none of the validators, and believes one block. */
async function homeOfJoiner(trust: { height: number; hash: string }): Promise<string> {
  const chains = [1, 2, 3, 4].map((index) => join(bench.home, 'network', `node${index}`, 'chain'))
  const home = join(bench.home, 'joined')
  const to = join(home, 'chain')
  mkdirSync(to, { recursive: true })
  for (const name of ['genesis.json', 'beacon.key']) copyFileSync(join(chains[0]!, name), join(to, name))
  for (const name of ['validator.key', 'node.key']) writeFileSync(join(to, name), randomKey())
  const p2p = await freePorts(2)
  const others = chains.map((path) => {
    const { p2p, rpc } = jsonOf(join(path, 'network.json'))
    const key = Buffer.from(readFileSync(join(path, 'node.key'), 'utf8').trim(), 'hex')
    return { peer: { nodeId: nodeIdOf(new Uint8Array(key)), ...p2p }, rpc: `http://${rpc.host}:${rpc.port}` }
  })
  const stateSync = {
    rpcServers: others.slice(0, 2).map(({ rpc }) => rpc),
    trustHeight: trust.height,
    trustHash: trust.hash.slice(2),
  }
  const places = { p2p: { host: HOST, port: p2p }, rpc: { host: HOST, port: p2p + 1 } }
  const given = { engine: 'comet', ...places, peers: others.map(({ peer }) => peer), stateSync }
  writeFileSync(join(to, 'network.json'), JSON.stringify(given))
  return home
}

withComet(
  'a fresh node joins by state sync, proves its state, and is killed and goes on',
  async () => {
    const { client } = network.validators[0]!
    const sent = await transfer(network, await fundedSigner(network), 1)
    await network.grows(network.validators[0]!, Math.max(0, SNAPSHOT_EVERY + 3 - (sent % SNAPSHOT_EVERY)))
    const trusted = await client.block(2)
    const home = await homeOfJoiner({ height: 2, hash: trusted.hash })
    const args = ['--cometbft', goProgram(COMETBFT)]
    const joined = await bench.startChain({ home, args })
    const chain = createChainClient({ url: joined.url })
    await joined.line(/"type":"state-sync:done"/)
    await eventually('it follows the head', TEST_MS_MAX, async () => {
      const [own, theirs] = [await chain.status(), await client.status()]
      return own.height > sent && own.height >= theirs.height - 1
    })
    expect((await chain.account(RECEIVER)).balance).toBe('1')
    // Of what came before it has nothing.
    await expect(chain.block(1)).rejects.toMatchObject({ code: 'BLOCK_NOT_FOUND' })

    const genesis = await chain.genesis()
    const headers = cometHeaderVerifier({
      genesisHash: genesisHash(genesis),
      trusted: { height: 2, hash: trusted.hash },
      chain: client,
    })
    const light = createLightClient({ chain, headers })
    expect((await light.account(RECEIVER)).value).toMatchObject({ balance: 1n })

    await joined.kill9()
    const again = await bench.startChain({ home, args })
    const height = await transfer(network, await fundedSigner(network), 2)
    const client2 = createChainClient({ url: again.url })
    await eventually('it follows the head again', TEST_MS_MAX, async () => (await client2.status()).height > height)
    const [theirs, own] = await Promise.all([client.block(height), client2.block(height)])
    expect(own).toMatchObject({ hash: theirs.hash, header: theirs.header })
    expect((await client2.account(RECEIVER)).balance).toBe('2')
    await again.stop()
  },
  TEST_MS_MAX,
)
