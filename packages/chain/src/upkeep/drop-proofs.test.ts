import { rm } from 'node:fs/promises'
import { createChainClient } from '@granary/protocol/client'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type Devnet, startDevnet } from '../../test/devnet.ts'
import { commitProof } from '../../test/devnet-proof.ts'
import { replayChain, runChain, verifyChain } from '../main.ts'
import { openChain } from './open-chain.ts'

let devnet: Devnet

beforeEach(async () => {
  devnet = await startDevnet()
})

afterEach(() => rm(devnet.home, { recursive: true }))

test('a chain whose proofs were dropped verifies and goes on, and says why it cannot be replayed', async () => {
  const { home, node } = devnet
  const id = await commitProof(devnet)
  await node.stop()
  await expect(replayChain({ home })).resolves.toMatchObject({ height: expect.any(Number) })
  const { store, head } = openChain(home)
  expect(store.dropProofs(0, head.height + 1)).toBe(1)
  const { height } = store.tx(id)!
  store.close()
  expect(await verifyChain({ home })).toMatchObject({ blocks: head.height + 1 })
  await expect(replayChain({ home })).rejects.toMatchObject({
    code: 'REPLAY_NO_HISTORY',
    message: `the proofs of block ${height} were dropped`,
  })
  const again = await runChain({ home, port: 0 })
  expect(await createChainClient({ url: again.url }).tx(id)).toMatchObject({ height, code: 'PROVIDER_NOT_FOUND' })
  await again.stop()
})

test('a node keeps the proofs of as many blocks as it keeps states', async () => {
  const { home, node } = devnet
  await node.stop()
  await expect(runChain({ home, port: 0, keepProofs: 100 })).rejects.toMatchObject({ code: 'PRUNE_TOO_FAR' })
})
