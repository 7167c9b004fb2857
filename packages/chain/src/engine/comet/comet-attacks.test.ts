/** Attacks on the pool, by way of CometBFT: what it asks of its application is answered by the rules of the node's own pool. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeTransaction, isBeaconEntry, type Signer } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { afterEach, expect, test } from '@jest/globals'
import { CheckTxType } from 'cosmjs-types/tendermint/abci/types'
import { type ClaimedPartitions, createClaimedPartitions } from '../../../test/claimed-partitions.ts'
import { claimedAnswer } from '../../../test/claimed-proofs.ts'
import { type CometNode, type CometNodes, createCometNodes } from '../../../test/comet-nodes.ts'
import { challenged, crowd, transfer } from '../../../test/crowds.ts'
import { claimedSigner, claimedSigners } from '../../../test/pool-node.ts'
import { profilesWith } from '../../../test/profiles-with.ts'
import { GRN, type TestChain } from '../../../test/test-chain.ts'
import type { Verifiers } from '../../state/index.ts'
import { tables } from '../../state/store/tables.ts'

const folders: string[] = []
const networks: CometNodes[] = []

afterEach(() => {
  for (const network of networks.splice(0)) network.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

interface Stage extends ClaimedPartitions {
  readonly signer: Signer
}

function stage(partitions: number, params: Partial<ChainParams> = {}, verifiers: Verifiers = claimedSigners): Stage {
  const market = createClaimedPartitions(partitions, 1, { provingPeriod: 4, ...params }, verifiers)
  return { ...market, signer: claimedSigner(market.owner.address) }
}

function onComet(chain: TestChain, verifiers: Verifiers = claimedSigners): CometNodes {
  const folder = mkdtempSync(join(tmpdir(), 'granary-comet-'))
  folders.push(folder)
  const network = createCometNodes(folder, 1, { chain, verifiers })
  networks.push(network)
  return network
}

/** @returns OK, or the code of the refusal */
async function checks({ application }: CometNode, tx: Uint8Array, type = CheckTxType.NEW): Promise<string> {
  const { code, log } = await application.checkTx({ tx: tx.slice(), type })
  return code === 0 ? 'OK' : log.split(':')[0]!
}

test('a third wrong answer to a challenge is not verified, nor one that was refused before, however often CometBFT brings it', async () => {
  let verified = 0
  const counting: Verifiers = {
    ...claimedSigners,
    post: (input) => {
      verified += 1
      return claimedSigners.post(input)
    },
  }
  const { chain, provider, signer } = stage(1, {}, counting)
  challenged(chain, provider, 0)
  const [node] = onComet(chain, counting).nodes
  const wrong = (index: number): Uint8Array => {
    const body = claimedAnswer(chain, provider, 0, false)!
    body.bundle[5] = index
    return chain.sign(signer, 'SubmitPost', body, { lane: 1_024 })
  }
  verified = 0
  const codes: string[] = []
  for (const index of [1, 2, 3, 1, 2, 3]) codes.push(await checks(node!, wrong(index)))
  const spent = 'PROOF_ATTEMPTS_SPENT'
  expect(codes).toEqual(['POST_INVALID', 'POST_INVALID', spent, 'POST_INVALID', 'POST_INVALID', spent])
  expect(verified).toBe(2)
})

test('a proof is verified once by a node, from its arrival to its block', async () => {
  let verified = 0
  const counting: Verifiers = {
    ...claimedSigners,
    post: (input) => {
      verified += 1
      return claimedSigners.post(input)
    },
  }
  const { chain, provider, signer } = stage(1, {}, counting)
  challenged(chain, provider, 0)
  const network = onComet(chain, counting)
  const [node] = network.nodes
  const answer = chain.sign(signer, 'SubmitPost', claimedAnswer(chain, provider, 0)!, { lane: 1_024 })
  verified = 0
  expect(await checks(node!, answer)).toBe('OK')
  expect(await checks(node!, answer)).toBe('OK')
  await network.produce()
  expect(node!.store.txsOf(node!.store.head()!.height).map(({ kind }) => kind)).toContain('SubmitPost')
  expect(verified).toBe(1)
})

test('general messages beyond half of the pool are refused, and a proof still gets in and comes first', async () => {
  const blockBytes = 2 ** 20
  // Blocks must hold two seals of the largest sectors: with the smallest ones alone, blocks can be small.
  const profiles = profilesWith({ '2KiB-test': 10 }).filter(({ name }) => name === '2KiB-test')
  const { chain, provider, signer } = stage(1, { blockBytes, profiles })
  const signers = crowd(chain, 8, 5n * GRN)
  challenged(chain, provider, 0)
  const network = onComet(chain)
  const [node] = network.nodes
  const bundle = new Uint8Array(300_000)
  const codes: string[] = []
  let bytes = 0
  for (const each of signers) {
    // What the node works in vain for an account is used up first; then they are taken unexecuted, to fail in a block.
    for (let number = 0; number < 4; number++) {
      const options = { lane: number, maxFee: GRN / 2n }
      const sent = chain.sign(each, 'ProveCommitSector', { provider: 7_777, number, bundle }, options)
      codes.push(await checks(node!, sent))
      if (codes.at(-1) === 'OK') bytes += sent.length
    }
  }
  expect(new Set(codes)).toEqual(new Set(['PROVIDER_NOT_FOUND', 'OK', 'MEMPOOL_FULL']))
  expect(bytes).toBeGreaterThan(3 * blockBytes)
  expect(bytes).toBeLessThanOrEqual(4 * blockBytes)
  const answer = claimedAnswer(chain, provider, 0)!
  expect(await checks(node!, chain.sign(signer, 'SubmitPost', answer, { lane: 1_024 }))).toBe('OK')
  const { txs } = await network.propose(0)
  expect(txs.reduce((sum, tx) => sum + tx.length, 0)).toBeLessThanOrEqual(blockBytes)
  const kinds = txs.filter((tx) => !isBeaconEntry(tx)).map((tx) => decodeTransaction(tx).tx.kind)
  expect(kinds.slice(0, 2)).toEqual(['SubmitPost', 'ProveCommitSector'])
})

test("what leaves the node's pool leaves CometBFT's at the recheck: one that was outbid, and what hung on it", async () => {
  const { chain } = stage(1)
  const [payer] = crowd(chain, 1, GRN) as [Signer]
  const network = onComet(chain)
  const [node] = network.nodes
  const cheap = transfer(chain, payer)
  const behind = chain.sign(payer, 'Transfer', { to: payer.address, amount: 1n }, { sequence: 1, maxFee: GRN / 1_000n })
  const dear = transfer(chain, payer, 2n, GRN / 100n)
  expect([await checks(node!, cheap), await checks(node!, behind), await checks(node!, dear)]).toEqual([
    'OK',
    'OK',
    'OK',
  ])
  const rechecks = async () => {
    const codes: boolean[] = []
    for (const tx of [cheap, behind, dear]) codes.push((await checks(node!, tx, CheckTxType.RECHECK)) === 'OK')
    return codes
  }
  expect(await rechecks()).toEqual([false, true, true])
  await network.produce()
  expect(await rechecks()).toEqual([false, false, false])
  expect(node!.store.txsOf(node!.store.head()!.height).filter(({ kind }) => kind === 'Transfer')).toHaveLength(2)
})

test('a proposal answers the challenge that closes first, whichever answer CometBFT brought first', async () => {
  const window = { provingPeriod: 12, slotPartitionsMax: 1, profiles: profilesWith({ '2KiB-test': 10 }) }
  const { chain, provider, signer } = stage(3, window)
  const deadlineOf = (partition: number) => tables.partitions.get(chain.state, provider, partition)!.challenge?.deadline
  const open = () =>
    [0, 1, 2]
      .flatMap((partition) => ({ partition, deadline: deadlineOf(partition) ?? [] }))
      .filter((each): each is { partition: number; deadline: number } => typeof each.deadline === 'number')
      .toSorted((a, b) => a.deadline - b.deadline)
  for (let block = 0; new Set(open().map(({ deadline }) => deadline)).size < 2; block++) {
    if (block > 100) throw new Error('no two challenges were open at once')
    chain.produce()
  }
  const inTime = open().map(({ partition }) => partition)
  const network = onComet(chain)
  for (const partition of inTime.toReversed()) {
    const sent = chain.sign(signer, 'SubmitPost', claimedAnswer(chain, provider, partition)!, {
      lane: 1_024 + partition,
    })
    expect(await checks(network.nodes[0]!, sent)).toBe('OK')
  }
  const { txs } = await network.propose(0)
  const answered = txs.flatMap((bytes) => {
    if (isBeaconEntry(bytes)) return []
    const { tx } = decodeTransaction(bytes)
    return tx.kind === 'SubmitPost' ? tx.body.partition : []
  })
  expect(answered).toEqual(inTime)
})
