import { rm } from 'node:fs/promises'
import { createChainClient } from '@granary/protocol/client'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type Devnet, fundedSigner, startDevnet } from '../../test/devnet.ts'
import { commitProof } from '../../test/devnet-proof.ts'
import { pruneChain, runChain, verifyChain } from '../main.ts'
import { openChain } from './open-chain.ts'

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

test('a node that keeps the proofs of some blocks drops those of older ones as it goes', async () => {
  const { home } = devnet
  await devnet.node.stop()
  const node = await runChain({ home, port: 0, keepProofs: 101 })
  const chain = createChainClient({ url: node.url })
  const { height } = await chain.tx(await commitProof({ chain }))
  for await (const event of chain.events({ types: ['block'], since: '0' })) if (event.height > height! + 103) break
  await node.stop()
  const { store } = openChain(home)
  const dropped = store.txBytesOf(height!).filter((bytes) => bytes === undefined)
  store.close()
  expect(dropped).toHaveLength(1)
  expect(await verifyChain({ home })).toMatchObject({ states: 101 })
})
