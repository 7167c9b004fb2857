import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type Devnet, fundedSigner, startDevnet } from '../../test/devnet.ts'
import { createChainClient } from '../client/index.ts'
import { pruneChain, runChain, verifyChain } from '../main.ts'

let devnet: Devnet

beforeEach(async () => {
  devnet = await startDevnet()
})

afterEach(() => rm(devnet.home, { recursive: true }))

test('pruning drops the history, keeps the state, and the node goes on', async () => {
  const { home, chain, node } = devnet
  const { address } = await fundedSigner(chain)
  const { balance } = await chain.account(address)
  for await (const event of chain.events({ types: ['block'], since: '0' })) if (event.height > 110) break
  await node.stop()
  await expect(async () => pruneChain({ home, keep: 100 })).rejects.toMatchObject({ code: 'PRUNE_TOO_FAR' })
  const pruned = pruneChain({ home, keep: 101 })
  expect(pruned).toMatchObject({ dropped: pruned.height - 100, firstHeight: pruned.height - 100 })
  expect(await verifyChain({ home })).toMatchObject({ blocks: 101, states: 101 })
  const again = await runChain({ home, port: 0 })
  expect((await createChainClient({ url: again.url }).account(address)).balance).toBe(balance)
  await again.stop()
})
