/** Four validators on the real CometBFT, and those who believe no node: light clients, `granary verify`, a provider whose deal ends. */
import { fromHex, toHex } from '@granary/base'
import { chainHeaders } from '@granary/protocol/light'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { cometCanBeBuilt, type Network, startNetwork, type Validator } from './comet.ts'
import { forgedHeaders } from './forged-headers.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, envelope, type Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { fileOf, put, succeeded } from './story.ts'
import { withComet } from './with-comet.ts'

const TEST_MS_MAX = 300_000
let bench: Workbench
let network: Network

beforeAll(async () => {
  bench = createWorkbench()
  if (cometCanBeBuilt) network = await startNetwork(bench, { quick: true })
}, BUILD_MS_MAX)
afterAll(async () => {
  await network?.stop()
  await bench.close()
}, TEST_MS_MAX)

/** By the genesis alone, whoever shows it. */
async function believing({ client }: Validator) {
  const [{ genesisHash }, { validators, timeMs }] = [await client.status(), await client.genesis()]
  return chainHeaders({ genesisHash, validators, from: { timeMs } }, { chain: client })
}

withComet(
  'what each validator answers is believed by the genesis alone, and none of it forged',
  async () => {
    const [first] = network.validators as [Validator]
    const height = await network.grows(first, 4)
    await network.agree(height + 1)
    const shown = (at: number) => Promise.all(network.validators.map(({ client }) => client.block(at)))
    const [blocks, [later]] = [await shown(height - 2), await shown(height)]
    for (const [index, { headerBytes, signature, hash }] of blocks.entries()) {
      const headers = await believing(network.validators[index]!)
      const signed = { bytes: fromHex(headerBytes), signature: fromHex(signature) }
      expect(await headers.verify(signed)).toMatchObject({ height: height - 2, hash })
      const forgeries = forgedHeaders(blocks[index]!, later!)
      expect(forgeries.length).toBeGreaterThan(17 + 3 + 3 * 4 + 8)
      for (const { what, signed: forged } of forgeries) {
        // By one that knows nothing yet; of a header that is known to be true no votes are asked for again.
        const isOther = toHex(forged.bytes) !== headerBytes
        for (const each of [await believing(network.validators[index]!), ...(isOther ? [headers] : [])]) {
          const verdict = await each.verify(forged).then(
            () => 'believed',
            (error: { code?: string }) => error.code,
          )
          expect([what, verdict]).toEqual([what, expect.stringMatching(/^HEADER_(NOT_SIGNED|CONFLICT)$|^PROOF_STALE$/)])
        }
      }
    }
  },
  TEST_MS_MAX,
)

withComet(
  'a deal is verified by a header that is named, with a witness, and its provider gives it up once its end is proven',
  async () => {
    const [one, other] = network.validators as [Validator, Validator]
    const provider = await bench.startProvider({ chainUrl: other.url, args: ['--seal-after', '0s'] })
    const { data } = await put(bench, fileOf(bench, 'kept.bin', 1 << 20), one.url)
    const said = succeeded(await bench.run(['chain', 'header', '--chain', other.url]))
    const [header = ''] = /^\d+:0x[0-9a-f]{64}$/m.exec(said.stdout) ?? []
    const { genesisHash } = await one.client.status()
    const verify = ['verify', data.rootCid, '--json', '--chain', one.url, '--genesis', genesisHash]
    for (const trusted of [[], ['--trusted-header', header]]) {
      const verified = await bench.run([...verify, '--witness', other.url, ...trusted])
      expect(envelope<{ deals: { id: number }[] }>(succeeded(verified)).data.deals).toMatchObject([{ id: data.dealId }])
    }
    const [height = ''] = header.split(':')
    const wrong = await bench.run([...verify, '--trusted-header', `${height}:0x${'ab'.repeat(32)}`])
    expect(envelope(wrong).error?.code).toBe('HEADER_CONFLICT')

    succeeded(await bench.run(['cancel', `${data.dealId}`, '--yes', '--chain', one.url]))
    const asked = async <T>(...args: string[]): Promise<T> =>
      envelope<T>(succeeded(await bench.run(['provider', ...args, '--home', bench.home, '--json']))).data
    await eventually('the deal is given up', TEST_MS_MAX, async () => {
      const { deals } = await asked<{ deals: { dealId: number; state: string }[] }>('deals', '--ended')
      return deals.some(({ dealId, state }) => dealId === data.dealId && state !== 'active')
    })
    const { alerts } = await asked<{ alerts: { code: string }[] }>('alerts')
    expect(alerts.map(({ code }) => code)).not.toContain('END_NOT_PROVEN')
    await provider.stop()
  },
  TEST_MS_MAX,
)
