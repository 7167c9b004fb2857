/** Of a real chain, whose headers are given as those of four validators on CometBFT would be. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, sleep, toHex } from '@granary/base'
import { initChain, runChain } from '@granary/chain/node'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { decodeHeader } from '@granary/protocol/header'
import type { SeenHeader } from '@granary/protocol/light'
import { type Genesis, genesisHash as hashOfGenesis } from '@granary/protocol/records'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { validatorKeyOf, votedHeader } from '../../../protocol/test/voted-header.ts'
import { createSignedState } from './signed-state.ts'

const { signal } = new AbortController()
const SEEDS = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte))
const HOUR_MS = 3_600_000
let home: string
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-signed-'))
  await initChain({ home, devnet: true, blockTimeMs: 50, timeMs: Date.now() - 40 * HOUR_MS })
  node = await runChain({ home, port: 0 })
  chain = createChainClient({ url: node.url })
  while ((await chain.status()).height < 3) await sleep(20)
})
afterAll(async () => {
  await node.stop()
  await rm(home, { recursive: true })
})

/** The same states, under the votes of these. */
async function votedChain({ genesisMs, seeds = SEEDS }: { genesisMs: number; seeds?: readonly Uint8Array[] }) {
  const shown: Genesis = { ...(await chain.genesis()), validators: SEEDS.map(validatorKeyOf), timeMs: genesisMs }
  const genesisHash = hashOfGenesis(shown)
  const under = (headerBytes: `0x${string}`) => {
    const { height, timeMs, appHash } = decodeHeader(fromHex(headerBytes))
    const { hash, bytes, signature } = votedHeader({ genesisHash, height, timeMs, seeds, appHash: fromHex(appHash) })
    return { hash, header: toHex(bytes), signature: toHex(signature) }
  }
  const asked: Pick<ChainClient, 'url' | 'genesis' | 'proof' | 'block'> = {
    url: chain.url,
    genesis: async () => shown,
    async proof(key, options) {
      const view = await chain.proof(key, options)
      const { header, signature } = under(view.header)
      return { ...view, header, signature }
    },
    async block(height, options) {
      const view = await chain.block(height, options)
      const { hash, header, signature } = under(view.headerBytes)
      return { ...view, hash, headerBytes: header, signature }
    },
  }
  return { chain: asked, genesisHash }
}

test('a state is believed that several validators have voted for, and none of others', async () => {
  const genesisMs = Date.now() - HOUR_MS
  const state = await createSignedState(await votedChain({ genesisMs })).newest(signal)
  expect(state.header.height).toBeGreaterThan(1)
  const others = SEEDS.map((seed) => seed.map((byte) => byte + 100))
  const forged = createSignedState(await votedChain({ genesisMs, seeds: others }))
  await expect(forged.newest(signal)).rejects.toMatchObject({ code: 'HEADER_NOT_SIGNED' })
})

test('a home that knows a newer header than its genesis goes on from there, and learns of newer ones', async () => {
  const input = await votedChain({ genesisMs: Date.now() - 40 * HOUR_MS })
  await expect(createSignedState(input).newest(signal)).rejects.toMatchObject({ code: 'TRUST_EXPIRED' })
  const { hash } = await input.chain.block(2)
  const learnt: SeenHeader[] = []
  const trusted = { height: 2, hash }
  const state = await createSignedState({ ...input, trusted, onTrusted: (header) => learnt.push(header) }).newest(
    signal,
  )
  const { height, hash: newest } = state.header
  expect(learnt).toEqual([{ height, hash: newest }])
})
