/** Four validators on the real CometBFT: one chain whoever is asked, which holds a market while one is cut off, and stands without two. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { cometCanBeBuilt, freePorts, type Network, startNetwork } from './comet.ts'
import { fundedSigner, RECEIVER, transfer } from './comet-kills.ts'
import { type CutLines, layLines } from './cut-lines.ts'
import { BUILD_MS_MAX, COMETBFT, goProgram } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { fileOf, put, QUICK, type Server, sameBytes, succeeded, timelineOf } from './story.ts'
import { withComet } from './with-comet.ts'

const CUT_OFF =
  'one of four is cut off for longer than a window: it and its provider say so, no proof is missed, and it comes back'
const TWO_STOPPED = 'two of four are stopped: no block is made; they are started: it goes on, and no proof is missed'
const TEST_MS_MAX = 300_000
/** A chain whose head has stood for ten seconds says so. */
const STALL_SAID_WITHIN_MS = 60_000
/** Ten blocks' time. */
const STANDS_MS = 5_000

/** Of the one that is cut off. */
const LONELY = 3

let bench: Workbench
let network: Network
let lines: CutLines
/** With a sector that is proven from the second test on. */
let provider: Server
let dealId: number

beforeAll(async () => {
  bench = createWorkbench()
  const prepare = async (homes: readonly string[]): Promise<void> => {
    lines = await layLines(homes, LONELY)
  }
  if (cometCanBeBuilt) network = await startNetwork(bench, { quick: true, prepare })
}, BUILD_MS_MAX)
afterAll(async () => {
  await network?.stop()
  lines?.close()
  await bench.close()
}, TEST_MS_MAX)

/** Its sector is proven at least once more. @throws when a proof of it was ever missed */
async function provenAgain(): Promise<void> {
  let accepted: number | undefined
  await eventually('a challenge is answered', TEST_MS_MAX, async () => {
    const types = (await timelineOf(provider.url, dealId)).map(({ type }) => type)
    expect(types).not.toContain('post-missed')
    const now = types.filter((type) => type === 'post-accepted').length
    accepted ??= now
    return now > accepted
  })
}

/** Answers 503 with that code, among what may be more. */
function saysNo(url: string, code: string): Promise<void> {
  return eventually(`${url} says ${code}`, STALL_SAID_WITHIN_MS, async () => {
    const answer = await fetch(url)
    return answer.status === 503 && (await answer.text()).includes(code)
  })
}

function saysYes(url: string): Promise<void> {
  return eventually(`${url} is well`, STALL_SAID_WITHIN_MS, async () => (await fetch(url)).ok)
}

withComet(
  'transfers through each validator are on all of them, in the same blocks',
  async () => {
    const signers = await Promise.all(network.validators.map((_, by) => fundedSigner(network, by)))
    const heights = await Promise.all(signers.map((signer, through) => transfer(network, signer, through)))
    await network.agree(Math.max(...heights) + 1)
    for (const { client } of network.validators) expect((await client.account(RECEIVER)).balance).toBe('4')
  },
  TEST_MS_MAX,
)

withComet(
  'a file is put through one validator, sealed and proven through another, and comes back',
  async () => {
    const [provided, asked] = network.validators as [Network['validators'][0], Network['validators'][0]]
    provider = await bench.startProvider({ chainUrl: provided.url, args: ['--seal-after', '0s'] })
    const file = fileOf(bench, 'three-blocks.bin', 2.5 * 1024 * 1024)
    const { data } = await put(bench, file, asked.url)
    dealId = data.dealId
    expect((await asked.client.deal(dealId)).state).toBe('active')
    await provenAgain()
    const out = join(bench.home, 'out.bin')
    succeeded(await bench.run(['get', data.rootCid, '-o', out, '--chain', network.validators[2]!.url]))
    expect(sameBytes(out, file)).toBe(true)
  },
  TEST_MS_MAX,
)

withComet(
  CUT_OFF,
  async () => {
    const [asked] = network.validators as [Network['validators'][0]]
    const lonely = network.validators[LONELY]!
    const signer = await fundedSigner(network, LONELY)
    const own = await bench.startProvider({ chainUrl: lonely.url, args: ['--home', join(bench.home, 'own')] })
    lines.cut()
    await Promise.all([
      network.grows(asked, Number(QUICK.responseWindow) + 1),
      saysNo(`${lonely.url}/healthz`, 'CONSENSUS_STALLED'),
      saysNo(`${own.url}/readyz`, 'CHAIN_STOPPED'),
    ])
    // What it took alone is in a block when it is heard again.
    const waiting = transfer(network, signer, LONELY)
    lines.mend()
    await network.agree(Math.max(await waiting, await network.grows(asked, 1)))
    await Promise.all([saysYes(`${lonely.url}/healthz`), saysYes(`${own.url}/readyz`), provenAgain()])
    await own.stop()
  },
  TEST_MS_MAX,
)

withComet(
  TWO_STOPPED,
  async () => {
    const [first, second, ...others] = network.validators
    await Promise.all(others.map((each) => each.stop()))
    const stands = [first!, second!]
    await Promise.all(stands.map(({ url }) => saysNo(`${url}/healthz`, 'CONSENSUS_STALLED')))
    const heights = (): Promise<number[]> =>
      Promise.all(stands.map(async ({ client }) => (await client.status()).height))
    const before = await heights()
    await sleep(STANDS_MS)
    expect(await heights()).toEqual(before)
    await Promise.all(others.map((each) => each.start()))
    await network.agree(Math.max(...before) + 4)
    await network.agree(await transfer(network, await fundedSigner(network), 3))
    await provenAgain()
  },
  TEST_MS_MAX,
)

withComet(
  'a testnet is run by one command, which ends all of it, and goes on where it was',
  async () => {
    const home = join(bench.home, 'testnet')
    const where = ['--home', home, '--validators', '2', '--first-port', `${await freePorts(4)}`]
    const run = async () => {
      const args = ['chain', 'testnet', ...where, '--start', '--port', '0', '--cometbft', goProgram(COMETBFT), '--json']
      const running = bench.start(args)
      const [ready] = await running.line(/^\{"event":"ready".*\}$/)
      const { validators: urls } = JSON.parse(ready) as { validators: string[] }
      return { running, chains: urls.map((url) => createChainClient({ url, retries: 0 })) }
    }
    const grown = (chain: ChainClient, above: number) =>
      eventually('it makes blocks', TEST_MS_MAX, async () => (await chain.status()).height > above + 2)

    const first = await run()
    expect(first.chains).toHaveLength(2)
    await Promise.all(first.chains.map((chain) => grown(chain, 0)))
    const { height } = await first.chains[0]!.status()
    const { code, stderr } = await first.running.stop()
    expect(code).toBe(0)
    for (const validator of ['validator 1', 'validator 2'])
      expect(stderr).toMatch(new RegExp(`"type":"comet:started".*"validator":"${validator}"`))
    for (const chain of first.chains) await expect(chain.status()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })

    const again = await run()
    await Promise.all(again.chains.map((chain) => grown(chain, height)))
    expect((await again.running.stop()).code).toBe(0)
  },
  TEST_MS_MAX,
)
