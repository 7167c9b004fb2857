/** An upgrade at a height on CometBFT: who lacks its rules says nothing about the block, and ends; who has them goes on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type CometNode, type CometNodes, createCometNodes } from '../../../test/comet-nodes.ts'
import { claimedSigners } from '../../../test/pool-node.ts'
import { createTestChain } from '../../../test/test-chain.ts'
import { rulesOf } from '../../state/index.ts'

const OLD = 1
const NEW = 2
const REQUIRED = { code: 'UPGRADE_REQUIRED' }

let folder: string
let network: CometNodes
let height: number
let known: number[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-comet-'))
  const chain = createTestChain()
  height = chain.height + 100
  const content = { title: '', link: '', changes: [], upgradeAt: height, rules: NEW, release: 'granary 2' }
  chain.does(chain.faucet, 'SubmitProposal', content)
  chain.does(chain.faucet, 'Vote', { proposal: 1, choice: 'yes' })
  chain.advanceTo(height - 2)
  known = [OLD, NEW]
  network = createCometNodes(folder, 2, { chain, verifiers: claimedSigners }, { rulesKnown: known })
})

afterEach(() => {
  network.close()
  rmSync(folder, { recursive: true })
})

const nodesOf = ({ nodes }: CometNodes) => nodes as readonly [CometNode, CometNode]

test('an old program neither proposes the block nor votes for or against it, and keeps nothing of it', async () => {
  await network.produce()
  const [old] = nodesOf(network)
  await expect(network.propose(0)).rejects.toMatchObject(REQUIRED)
  const proposal = await network.propose(1)
  await expect(old.application.processProposal(proposal)).rejects.toMatchObject(REQUIRED)
  await expect(network.finalize(old, proposal)).rejects.toMatchObject(REQUIRED)
  expect(old.store.head()).toMatchObject({ height: height - 1 })
  expect(old.log.filter(({ type }) => type === 'proposal:refused')).toEqual([])
})

test('it ends after the block before it, unasked, and takes no message any more', async () => {
  await network.produce()
  const [old] = nodesOf(network)
  expect(await old.engine.halted).toMatchObject(REQUIRED)
  old.halt(new Error('CometBFT asks for something else meanwhile'))
  expect(old.engine.failure).toMatchObject(REQUIRED)
  expect(old.log.map(({ type }) => type)).toEqual(['block', 'upgrade:required'])
  await expect(old.engine.submit(Uint8Array.of(1))).rejects.toMatchObject(REQUIRED)
})

test('a newer program goes on with the same store, and comes to the same state as who had it before', async () => {
  await network.produce()
  const proposal = await network.propose(1)
  const [, newer] = nodesOf(network)
  const hash = await network.finalize(newer, proposal)
  await newer.application.commit({})
  expect(newer.store.head()).toMatchObject({ height })
  expect(rulesOf(newer.store.reader)).toEqual({ version: NEW, nextProposal: 2 })
  known[0] = NEW
  const upgraded = network.restart(0)
  expect(await network.finalize(upgraded, proposal)).toEqual(hash)
})
