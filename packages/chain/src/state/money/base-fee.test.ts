import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { feeOf, sessionSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { createMarket } from '../../../test/market.ts'
import { smallBlocks } from '../../../test/small-blocks.ts'
import { createTestChain, fund, GRN, type TestChain } from '../../../test/test-chain.ts'
import { createStateMachine, recount } from '../index.ts'
import { tables } from '../store/tables.ts'
import { currentFees, FEE_LEVEL_MAX, FEE_LEVEL_ONE, feeLevelOf, nextFeeLevel } from './base-fee.ts'

// Ten transfers fill the general half.
const TRANSFERS_MAX = 10
const params = smallBlocks(2 * TRANSFERS_MAX * 500)
const LIMITS = { blockBytes: 8_000, blockVerifyUnits: 80_000 }
const TO = `0x${'77'.repeat(20)}` as const

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-fees-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** @returns the fees of the block's transfers */
function transfers(chain: TestChain, count: number, maxFee: bigint = GRN): bigint[] {
  const body = { to: TO, amount: 1n }
  const candidates = Array.from({ length: count }, (_, lane) =>
    chain.sign(chain.faucet, 'Transfer', body, { lane, maxFee }),
  )
  return chain.produce(candidates).results.flatMap(({ kind, fee }) => (kind === 'Transfer' ? [fee] : []))
}

test('a full block raises the fees by an eighth, an empty one lowers them by as much, half a block leaves them', () => {
  const level = 16n * FEE_LEVEL_ONE
  const at = (bytes: number, units: number): bigint => nextFeeLevel(level, { bytes, units }, LIMITS)
  expect([at(4_000, 0), at(0, 40_000), at(4_000, 40_000)]).toEqual([18n, 18n, 18n].map((n) => n * FEE_LEVEL_ONE))
  expect([at(2_000, 0), at(0, 20_000), at(2_000, 1), at(1, 20_000)]).toEqual([level, level, level, level])
  expect(at(0, 0)).toBe(14n * FEE_LEVEL_ONE)
  expect(at(1_000, 10_000)).toBe(15n * FEE_LEVEL_ONE)
})

test('whatever a block holds, a level moves by an eighth at most and stays between its bounds', () => {
  const block = fc.record({ bytes: fc.nat(4_000), units: fc.nat(40_000) })
  const run = fc.property(fc.bigInt(FEE_LEVEL_ONE, FEE_LEVEL_MAX), block, (level, used) => {
    const next = nextFeeLevel(level, used, LIMITS)
    expect(next >= FEE_LEVEL_ONE && next <= FEE_LEVEL_MAX).toBe(true)
    expect(8n * next <= 9n * level && (next === FEE_LEVEL_ONE || 8n * (next + 1n) > 7n * level)).toBe(true)
  })
  fc.assert(run, { numRuns: 1_000 })
})

test('filling blocks: each costs an eighth more than the one before, and what is paid is burnt', () => {
  const chain = createTestChain({ params })
  const floor = transfers(chain, 1)[0]!
  const paid: bigint[] = []
  for (let block = 0; block < 20; block++) {
    const { burnt } = recount(chain.state)
    const fees = transfers(chain, TRANSFERS_MAX + 5)
    expect(fees).toHaveLength(TRANSFERS_MAX)
    expect(recount(chain.state).burnt - burnt).toBe(fees.reduce((sum, fee) => sum + fee, 0n))
    paid.push(fees[0]!)
  }
  expect(paid[0]).toBe(floor)
  for (const [index, fee] of paid.slice(1).entries()) {
    // A few bytes more or less, as sequences grow.
    expect(Number(fee) / Number(paid[index]!)).toBeCloseTo(9 / 8, 2)
  }
  expect(Number(paid.at(-1)!) / Number(floor)).toBeCloseTo((9 / 8) ** 19, 0)
  for (let block = 0; block < 30 && feeLevelOf(chain.state) > FEE_LEVEL_ONE; block++) chain.produce()
  expect(transfers(chain, 1)).toEqual([floor])
})

test('while fees do not move, nothing is written about them', () => {
  const chain = createTestChain({ params })
  transfers(chain, 2)
  expect(tables.feeLevel.get(chain.state)).toBeUndefined()
  transfers(chain, TRANSFERS_MAX)
  expect(chain.produce().writes.has('fee-level')).toBe(true)
  expect(chain.produce().writes.has('fee-level')).toBe(false)
})

test('a message whose maxFee is below the fees of the block is not in it, and is later, when they have fallen', () => {
  const chain = createTestChain({ params })
  const floor = transfers(chain, 1)[0]!
  for (let block = 0; block < 3; block++) transfers(chain, TRANSFERS_MAX)
  const cheap = chain.sign(chain.faucet, 'Transfer', { to: TO, amount: 1n }, { lane: 31, maxFee: (floor * 11n) / 10n })
  const refused = chain.machine.checkTx(cheap, 0)
  expect(refused).toMatchObject({ code: 'FEE_TOO_LOW', retryable: true, hint: expect.stringMatching(/maxFee above/) })
  const included = (): boolean => chain.produce([cheap]).results.some(({ kind }) => kind === 'Transfer')
  expect([included(), included(), included()]).toEqual([false, false, true])
})

test('the fee of an answer does not follow the load', async () => {
  const { chain, owner, provider, activate, sealer } = createMarket(join(folder, 'answers'), smallBlocks(30_000))
  await activate(0, [], [])
  for (let block = 0; block < 3; block++) transfers(chain, 30)
  while (!chain.events.some(({ type, height }) => type === 'challenge:opened' && height === chain.height)) {
    transfers(chain, 30)
  }
  expect(feeLevelOf(chain.state)).toBeGreaterThan(FEE_LEVEL_ONE)
  const { feeProving } = chain.genesis.params
  const body = { provider, partition: 0, ...(await sealer.prove(0)) }
  expect(chain.does(owner, 'SubmitPost', body, { maxFee: feeProving }).fee).toBe(feeProving)
})

test('a session key spends what its message costs at present', () => {
  const chain = createTestChain({ params })
  const account = fund(chain, 2)
  const key = sessionSigner(new Uint8Array(32).fill(5), account.address)
  const grant = { publicKey: key.publicKey, scopes: ['Transfer'], expires: 1_000, spendingLimit: GRN }
  chain.does(account, 'AuthorizeKey', grant)
  for (let block = 0; block < 5; block++) transfers(chain, TRANSFERS_MAX)
  const bytes = chain.sign(key, 'Transfer', { to: TO, amount: 1n })
  const fee = feeOf('Transfer', bytes.length, currentFees(chain.state, chain.genesis.params))
  expect(fee).toBeGreaterThan(feeOf('Transfer', bytes.length, chain.genesis.params))
  chain.produce([bytes])
  const { spent } = tables.sessionKeys.get(chain.state, account.address, bytesToHex(key.publicKey))!
  expect(spent).toBe(fee + 1n)
})

test('the same blocks give the same fees and the same app hash again', () => {
  const chain = createTestChain({ params })
  for (const count of [10, 10, 3, 0, 10, 7, 0, 0, 1]) transfers(chain, count)
  const again = createTestChain({ params })
  const machine = createStateMachine({ reader: again.state })
  for (const block of chain.blocks) again.state.commit(machine.finalizeBlock(block).writes)
  expect(again.state.get('app-hash')).toEqual(chain.state.get('app-hash'))
  expect(feeLevelOf(again.state)).toBe(feeLevelOf(chain.state))
})
