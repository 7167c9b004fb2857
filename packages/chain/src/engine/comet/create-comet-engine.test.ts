import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, toHex } from '@granary/base'
import { cometChainId } from '@granary/protocol/comet'
import { type Address, encodeBeaconEntry, type Hash, type Transaction } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { CheckTxType, RequestInfo, RequestInitChain } from 'cosmjs-types/tendermint/abci/types'
import { claimedProofs } from '../../../test/claimed-proofs.ts'
import { type CometNodes, createCometNodes } from '../../../test/comet-nodes.ts'
import { signRound } from '../../../test/signed-rounds.ts'
import { createTestChain } from '../../../test/test-chain.ts'
import { beaconRoundFor, productionParams } from '../../state/index.ts'

const to: Address = `0x${'22'.repeat(20)}`
const CHECK = { type: CheckTxType.NEW }
const RECHECK = { type: CheckTxType.RECHECK }

let folder: string
let network: CometNodes

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-comet-'))
  network = createCometNodes(folder, 4)
})

afterEach(() => {
  network.close()
  rmSync(folder, { recursive: true })
})

function transfer(sequence: number, given: Partial<Transaction> = {}): Uint8Array {
  const body = { to, amount: 5n }
  const rest = { lane: 0, validUntil: 1_000, maxFee: 10n ** 17n }
  return network.signed({ kind: 'Transfer', sequence, body, ...rest, ...given } as Omit<Transaction, 'sender'>)
}

test('a message sent to any node is in a block that all have executed alike', async () => {
  const ids = [await network.nodes[2]!.engine.submit(transfer(0)), await network.nodes[1]!.engine.submit(transfer(1))]
  const hashes = await network.produce()
  expect(new Set(hashes.map((hash) => toHex(hash))).size).toBe(1)
  for (const { engine, store } of network.nodes) {
    for (const id of ids) await engine.waitFor(id)
    expect(store.head()).toMatchObject({ height: 1, appHash: toHex(hashes[0]!) })
    expect(ids.map((id) => store.tx(id)?.code)).toEqual(['OK', 'OK'])
  }
})

test("what waits stays in CometBFT's pool, and what a block took or never will leaves it at the recheck", async () => {
  const [first, behind] = [transfer(0), transfer(1)]
  const { application, engine } = network.nodes[3]!
  await engine.submit(first)
  await engine.submit(behind)
  const recheck = async (tx: Uint8Array) => (await application.checkTx({ tx: tx.slice(), ...RECHECK })).code
  expect([await recheck(first), await recheck(behind)]).toEqual([0, 0])
  await network.produce()
  expect([await recheck(first), await recheck(behind)]).toEqual([1, 1])
  expect(await application.checkTx({ tx: first, ...CHECK })).toMatchObject({ code: 1 })
})

test('a refused message says why, to CometBFT and to who sent it', async () => {
  const poor = transfer(0, { maxFee: 0n })
  const { application, engine } = network.nodes[0]!
  expect(await application.checkTx({ tx: poor, ...CHECK })).toMatchObject({
    code: 1,
    log: expect.stringMatching(/^FEE_TOO_LOW: /),
  })
  await expect(engine.submit(poor)).rejects.toMatchObject({ code: 'FEE_TOO_LOW' })
  const garbage = Uint8Array.of(1, 2, 3)
  expect(await application.checkTx({ tx: garbage, ...CHECK })).toMatchObject({ code: 1 })
})

test('nobody votes for a block with what may not be in it, or that is no later than the one before', async () => {
  await network.produce()
  const honest = await network.propose(1)
  const head = network.nodes[0]!.store.head()!
  const dishonest = [
    { ...honest, txs: [...honest.txs, transfer(7)], hash: Uint8Array.of(1) },
    { ...honest, txs: [...honest.txs, Uint8Array.of(1, 2, 3)], hash: Uint8Array.of(2) },
    { ...honest, time: { seconds: BigInt(Math.floor(head.timeMs / 1_000)), nanos: 0 }, hash: Uint8Array.of(3) },
    { ...honest, height: honest.height + 1n, hash: Uint8Array.of(4) },
  ]
  for (const proposal of dishonest) expect(await network.votes(proposal)).toEqual([false, false, false, false])
  expect(network.nodes[0]!.log.filter(({ type }) => type === 'proposal:refused')).toHaveLength(4)
  expect(await network.votes(honest)).toEqual([true, true, true, true])
})

test('nobody votes for a header beyond what the beacon proves, and all do when a round in it proves its time', async () => {
  const options = {
    genesis: { devnet: false, blockTimeMs: 5_000 },
    params: productionParams(5_000),
    blockTimeMs: 5_000,
  }
  const chain = createTestChain({ ...options, verifiers: claimedProofs })
  const other = createCometNodes(mkdtempSync(join(folder, 'other-')), 4, { chain, verifiers: claimedProofs })
  const honest = await other.propose(1)
  const timeMs = other.nodes[0]!.store.head()!.timeMs + 2 * chain.genesis.params.clockLeadMs
  const time = { seconds: BigInt(Math.floor(timeMs / 1_000)), nanos: 0 }
  const round = beaconRoundFor(chain.genesis, timeMs) - 1
  const clockRound = encodeBeaconEntry({ round, signature: signRound(round) })
  expect(await other.votes({ ...honest, time, hash: Uint8Array.of(1) })).toEqual([false, false, false, false])
  const proven = { ...honest, time, txs: [...honest.txs, clockRound], hash: Uint8Array.of(2) }
  expect(await other.votes(proven)).toEqual([true, true, true, true])
  other.close()
})

test('a proposal that was voted for and not decided changes nothing', async () => {
  const other = await network.propose(0)
  await network.nodes[0]!.engine.submit(transfer(0))
  const decided = await network.propose(1)
  expect(await network.votes(other)).toEqual([true, true, true, true])
  expect(await network.votes(decided)).toEqual([true, true, true, true])
  const replayed = network.restart(3)
  const hashes = [await network.finalize(network.nodes[0]!, decided), await network.finalize(replayed, decided)]
  expect(hashes[0]).toEqual(hashes[1])
  await network.nodes[0]!.application.commit({})
  expect(network.nodes[0]!.store.txsOf(1).map(({ kind }) => kind)).toContain('Transfer')
})

test('what was executed under the hash of another block is not taken for it', async () => {
  const { nodes } = network
  const empty = await network.propose(0)
  await nodes[0]!.engine.submit(transfer(0))
  const decided = await network.propose(0)
  const lie = { ...empty, hash: decided.hash }
  for (const poisoned of nodes.slice(0, 3))
    expect(await poisoned.application.processProposal(lie)).toMatchObject({ status: 1 })
  const hashes: string[] = []
  for (const node of nodes) hashes.push(toHex(await network.finalize(node, decided)))
  expect(new Set(hashes).size).toBe(1)
  await nodes[0]!.application.commit({})
  expect(nodes[0]!.store.txsOf(1).map(({ kind }) => kind)).toContain('Transfer')
})

test('a node that dies between the execution of a block and its commit stands at the block before', async () => {
  await network.produce()
  const proposal = await network.propose(1)
  const hash = await network.finalize(network.nodes[2]!, proposal)
  const again = network.restart(2)
  const info = await again.application.info(RequestInfo.fromPartial({}))
  expect(info.lastBlockHeight).toBe(1n)
  expect(info.lastBlockAppHash).toEqual(fromHex(again.store.head()!.appHash))
  expect(await network.finalize(again, proposal)).toEqual(hash)
  await again.application.commit({})
  expect(again.store.head()).toMatchObject({ height: 2, appHash: toHex(hash) })
})

test('what could not be passed on waits here, is passed on after the next block, and is in one at last', async () => {
  network.reachable = false
  await network.nodes[1]!.engine.submit(transfer(0))
  // Its turn as a proposer is the second block.
  const { application } = network.nodes[2]!
  await network.produce()
  network.reachable = true
  expect(await application.checkTx({ tx: transfer(0), ...RECHECK })).toMatchObject({ code: 1 })
  await network.produce()
  expect(network.nodes[3]!.store.txsOf(2).map(({ kind }) => kind)).toContain('Transfer')
})

test('a height that takes many rounds is decided by any of its proposals', async () => {
  const proposals = []
  for (let round = 0; round < 6; round++) {
    await network.nodes[0]!.engine.submit(transfer(round))
    const proposal = await network.propose(round % 4)
    expect(await network.votes(proposal)).toEqual([true, true, true, true])
    proposals.push(proposal)
  }
  const hashes = []
  for (const node of network.nodes) {
    hashes.push(toHex(await network.finalize(node, proposals[0]!)))
    await node.application.commit({})
  }
  expect(new Set(hashes).size).toBe(1)
  expect(network.nodes[1]!.store.txsOf(1).filter(({ kind }) => kind === 'Transfer')).toHaveLength(1)
})

test('a chain that stands says why: the beacon is silent for too long, or else too few validators agree', async () => {
  const { engine } = network.nodes[0]!
  network.standMs = 10_001
  expect(engine.stalled).toMatchObject({ code: 'CONSENSUS_STALLED' })
  network.latestMs = network.genesis.timeMs
  expect(engine.stalled).toMatchObject({ code: 'BEACON_SILENT' })
  await network.produce()
  expect(engine.stalled).toBeUndefined()
})

test('a CometBFT that starts anew is told of all that waits', async () => {
  const node = network.nodes[1]!
  network.reachable = false
  for (const sequence of [0, 1, 2]) await node.engine.submit(transfer(sequence))
  network.reachable = true
  node.passOnAgain()
  await network.produce()
  await network.produce()
  await new Promise((resolve) => setImmediate(resolve))
  await network.produce()
  expect(network.nodes[3]!.store.tx(node.store.txsOf(2).find(({ kind }) => kind === 'Transfer')!.id!)).toBeDefined()
})

test("CometBFT's genesis of another chain is refused before a block is made", async () => {
  const { application } = network.nodes[0]!
  const given = (hash: Hash) =>
    RequestInitChain.fromPartial({ chainId: cometChainId(hash), appStateBytes: Buffer.from(JSON.stringify(hash)) })
  const answer = await application.initChain(given(genesisHash(network.genesis)))
  expect(toHex(answer.appHash)).toBe(network.nodes[0]!.store.head()!.appHash)
  expect(() => application.initChain(given(`0x${'00'.repeat(32)}`))).toThrow('is of the chain')
})

test("a header with its votes is CometBFT's, asked for once; of the genesis there is the chain's own", async () => {
  await network.produce()
  const { engine, store } = network.nodes[0]!
  const twice = await Promise.all([engine.signedHeader(1), engine.signedHeader(1)])
  expect(twice.map((header) => header?.bytes)).toEqual([Uint8Array.of(1), Uint8Array.of(1)])
  expect(await engine.signedHeader(0)).toEqual({ bytes: store.block(0)!.header, signature: new Uint8Array(0) })
  expect(await engine.signedHeader(2)).toBeUndefined()
  expect(network.headersAsked).toEqual([1])
})

test('CometBFT keeps the blocks of so many heights, and all before there are as many', async () => {
  network.close()
  network = createCometNodes(join(folder, 'alone'), 1, undefined, { keepBlocks: 3 })
  const from: number[] = []
  for (let height = 1; height <= 5; height++) {
    await network.produce()
    from.push(network.retained[0]!)
  }
  expect(from).toEqual([0, 0, 1, 2, 3])
})
