/** Of a real chain, by what its validators have signed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@granary/base'
import { initChain, runChain } from '@granary/chain/node'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAlerts } from '../alerts.ts'
import { createProvenEnds } from './proven-ends.ts'
import { createSignedState } from './signed-state.ts'

const { signal } = new AbortController()
let home: string
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-proven-'))
  await initChain({ home, devnet: true, blockTimeMs: 50 })
  node = await runChain({ home, port: 0 })
  chain = createChainClient({ url: node.url })
  // A state is signed by the block after it.
  while ((await chain.status()).height < 3) await sleep(20)
})
afterAll(async () => {
  await node.stop()
  await rm(home, { recursive: true })
})

async function endsOn(asked: Pick<ChainClient, 'url' | 'genesis' | 'proof' | 'block'>) {
  const { genesisHash, height } = await chain.status()
  const alerts = createAlerts(() => {})
  const standing = () => alerts.list().map(({ code, subject }) => [code, subject])
  return {
    ends: createProvenEnds({ signed: createSignedState({ chain: asked, genesisHash }), providerId: 1_000, alerts }),
    height,
    standing,
  }
}

test('a deal that the signed state does not have is not over, which is doubted once that state is of then', async () => {
  const { ends, height, standing } = await endsOn(chain)
  expect(await ends.isDealOver(1, height + 1_000_000, signal)).toBe(false)
  expect(standing()).toEqual([])
  expect(await ends.isDealOver(2, 0, signal)).toBe(false)
  expect(standing()).toEqual([['END_NOT_PROVEN', 'deal 2']])
  ends.goesOn('deal', 2)
  expect(standing()).toEqual([])
})

test('a deal that the signed state does not have is not running either, and nothing is doubted for that', async () => {
  const { ends, height, standing } = await endsOn(chain)
  for (const saidAt of [0, height + 1_000_000]) expect(await ends.isDealRunning(1, saidAt, signal)).toBe(false)
  expect(standing()).toEqual([])
})

test('a sector that the signed state does not have is over', async () => {
  const { ends, height } = await endsOn(chain)
  expect(await ends.isSectorOver(7, height, signal)).toBe(true)
})

test('nothing is over by a state that another validator has signed, by its own genesis or by ours', async () => {
  const other = join(home, 'other')
  await initChain({ home: other, devnet: true, blockTimeMs: 50 })
  const liar = await runChain({ home: other, port: 0 })
  const lying = createChainClient({ url: liar.url })
  await lying.proof('head').catch(() => {})
  for (const asked of [lying, { ...lying, genesis: chain.genesis }]) {
    const { ends, height, standing } = await endsOn(asked)
    expect(await ends.isSectorOver(7, height, signal)).toBe(false)
    expect(standing()).toEqual([['END_NOT_PROVEN', 'sector 7']])
  }
  await liar.stop()
})
