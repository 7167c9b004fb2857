import { accountSigner, decodeTransaction, type Hash } from '@granary/protocol/messages'
import { type Genesis, genesisHash, genesisToJson } from '@granary/protocol/records'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createMemoryState } from '../../../test/memory-state.ts'
import { profilesWith } from '../../../test/profiles-with.ts'
import { smallBlocks } from '../../../test/small-blocks.ts'
import {
  createTestChain,
  fund,
  GRN,
  registerProvider,
  signTerms,
  type TestChain,
  termsFor,
} from '../../../test/test-chain.ts'
import {
  appHashOfState,
  createStateMachine,
  devnetGenesis,
  genesisFromJson,
  productionParams,
  readGenesis,
  readHead,
  readParams,
} from '../index.ts'

const BOB = `0x${'ab'.repeat(20)}` as const

function replay(chain: TestChain): Hash {
  const state = createMemoryState()
  const machine = createStateMachine({ reader: state })
  state.commit(machine.initChain(chain.genesis).writes)
  for (const block of chain.blocks) state.commit(machine.finalizeBlock(block).writes)
  return readHead(state).appHash
}

describe('a genesis', () => {
  const genesis = createTestChain().genesis

  test('comes back from JSON with the same hash', () => {
    const back = genesisFromJson(JSON.parse(JSON.stringify(genesisToJson(genesis))))
    expect(back).toEqual(genesis)
    expect(genesisHash(back)).toBe(genesisHash(genesis))
  })

  test('has another hash for any other content', () => {
    const others: Partial<Genesis>[] = [
      { chainId: 'x' },
      { timeMs: 1 },
      { devnet: false },
      { params: productionParams(500) },
    ]
    const hashes = [genesis, ...others.map((other) => ({ ...genesis, ...other }))].map(genesisHash)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  test('that contradicts itself is refused', () => {
    const { machine } = createTestChain()
    const wrong: Partial<Genesis>[] = [
      { blockTimeMs: 1 },
      { timeMs: genesis.beacon.genesisTimeMs - 1 },
      { accounts: [...genesis.accounts, ...genesis.accounts] },
      { accounts: [0, 1].map((each) => ({ address: `0x${`0${each}`.repeat(20)}` as const, balance: 2n ** 127n })) },
      { params: { ...genesis.params, postSamples: 201 } },
      { params: { ...genesis.params, cutoff: 0 } },
      { params: { ...genesis.params, feeBase: 0n } },
      { params: { ...genesis.params, feeProving: 0n } },
      { params: { ...genesis.params, profiles: profilesWith({ '8MiB-dev': 1 }, genesis.params.profiles) } },
    ]
    for (const change of wrong) {
      expect(() => machine.initChain({ ...genesis, ...change })).toThrow('the genesis is not valid')
    }
    expect(() => genesisFromJson({ ...genesisToJson(genesis), timeMs: 'now' })).toThrow('genesis.timeMs')
  })

  test('stands in the state, with its parameters', () => {
    const { state } = createTestChain()
    expect(readGenesis(state)).toEqual(genesis)
    expect(readParams(state)).toEqual(genesis.params)
    expect(readHead(state)).toMatchObject({ height: 0, timeMs: genesis.timeMs })
  })

  test('of a devnet has the durations of its block time', () => {
    const base = {
      validator: `0x${'00'.repeat(32)}`,
      beaconPublicKey: `0x${'00'.repeat(96)}`,
      faucet: BOB,
      timeMs: 5,
    } as const
    const slow = devnetGenesis({ ...base, blockTimeMs: 1_000 }).params
    expect(slow).toMatchObject({ provingPeriod: 30, seedDelay: 1, cutoff: 1, blockTimeMs: 1_000 })
    expect(devnetGenesis(base).params).toMatchObject({
      provingPeriod: 60,
      seedDelay: 3,
      cutoff: 2,
      ticketMaxAge: 2_400,
    })
    expect(productionParams()).toMatchObject({
      provingPeriod: 17_280,
      allowInsecure: false,
      cutoff: 12,
      postSamples: 80,
    })
  })
})

describe('a block', () => {
  const block = (chain: TestChain, given: { height?: number; timeMs?: number; txs?: Uint8Array[] }) => {
    const head = readHead(chain.state)
    return { height: head.height + 1, timeMs: head.timeMs + 500, txs: [], ...given }
  }

  test('follows the one before it in height and time', () => {
    const chain = createTestChain()
    for (const given of [{ height: 2 }, { height: 0 }, { timeMs: chain.genesis.timeMs }, { timeMs: 1.5 }]) {
      expect(chain.machine.processBlock(block(chain, given))).toMatchObject({ accept: false })
      expect(() => chain.machine.finalizeBlock(block(chain, given))).toThrow(/does not follow|not later/)
    }
    expect(chain.machine.processBlock(block(chain, {}))).toEqual({ accept: true })
  })

  test('is only looked at until it is finalized and stored', () => {
    const chain = createTestChain()
    const tx = chain.sign(chain.faucet, 'Transfer', { to: BOB, amount: 1n })
    const before = readHead(chain.state)
    const first = chain.machine.finalizeBlock(block(chain, { txs: [tx] }))
    expect(chain.machine.finalizeBlock(block(chain, { txs: [tx] }))).toEqual(first)
    expect(readHead(chain.state)).toEqual(before)
    expect(chain.machine.finalizeBlock(block(chain, {})).appHash).not.toBe(first.appHash)
    chain.state.commit(first.writes)
    expect(appHashOfState(chain.state)).toBe(first.appHash)
  })

  test('has bounds, and keeps half of itself for answers to challenges', () => {
    const chain = createTestChain({ params: smallBlocks(5_000) })
    const txs = Array.from({ length: 10 }, (_, sequence) =>
      chain.sign(chain.faucet, 'Transfer', { to: BOB, amount: 1n }, { sequence }),
    )
    const taken = chain.produce(txs).results.filter((result) => result.kind === 'Transfer')
    expect(taken).toHaveLength(5)
    const more = txs.map((_, index) =>
      chain.sign(chain.faucet, 'Transfer', { to: BOB, amount: 1n }, { sequence: 5 + index }),
    )
    expect(chain.machine.processBlock(block(chain, { txs: more }))).toMatchObject({
      accept: false,
      reason: expect.stringContaining('beyond the bounds'),
    })
  })

  test('tells its observer of what precedes the transactions, and of each', () => {
    const chain = createTestChain()
    const txs = [0, 1].map((sequence) => chain.sign(chain.faucet, 'Transfer', { to: BOB, amount: 1n }, { sequence }))
    const seen: number[] = []
    const observer = { executed: (index: number) => void seen.push(index) }
    const { height, timeMs } = block(chain, {})
    chain.machine.prepareBlock({ height, timeMs, candidates: txs, beacon: [], observer })
    chain.machine.finalizeBlock(block(chain, { txs }), observer)
    expect(seen).toEqual([-1, 0, 1, -1, 0, 1])
  })
})

test('random streams of transactions give the same app hash again, and never lose or make money', () => {
  const action = fc.record({
    kind: fc.constantFrom('transfer', 'overdraw', 'deposit', 'publish', 'settle', 'garbage', 'twice', 'none'),
    who: fc.nat(2),
    amount: fc.bigInt(0n, 3n * GRN),
    lane: fc.nat(2),
  })
  fc.assert(
    fc.property(fc.array(fc.array(action, { maxLength: 4 }), { minLength: 5, maxLength: 25 }), (blocks) => {
      const chain = createTestChain()
      const people = [2, 3, 4].map((seed) => fund(chain, seed, 20n * GRN))
      const owner = fund(chain, 5, 200n * GRN)
      const provider = registerProvider(chain, owner)
      let nonce = 0n
      for (const actions of blocks) {
        const candidates = actions.flatMap(({ kind, who, amount, lane }) => {
          const person = people[who]!
          const options = { lane }
          if (kind === 'none') return []
          if (kind === 'garbage') return [new Uint8Array(Number(amount % 100n)).fill(who)]
          if (kind === 'deposit') return [chain.sign(person, 'DepositCollateral', { provider, amount }, options)]
          if (kind === 'settle') return [chain.sign(person, 'SettleDeals', { deals: [1 + who] }, options)]
          if (kind === 'publish') {
            nonce += 1n
            const terms = termsFor(chain, person.address, provider, { nonce, activateWithin: 6 })
            const providerSignature = signTerms(chain, owner, terms)
            return [chain.sign(person, 'PublishDeal', { deals: [{ terms, providerSignature }] }, options)]
          }
          const sum = kind === 'overdraw' ? 10n ** 30n : amount
          const tx = chain.sign(person, 'Transfer', { to: people[(who + 1) % 3]!.address, amount: sum }, options)
          return kind === 'twice' ? [tx, tx] : [tx]
        })
        // Each block of the test chain counts all money again.
        chain.produce(candidates)
      }
      expect(replay(chain)).toBe(readHead(chain.state).appHash)
    }),
    { numRuns: 6 },
  )
})

test('an account that never existed has an id for its transaction all the same, and cannot pay', () => {
  const chain = createTestChain()
  const nobody = accountSigner(new Uint8Array(32).fill(99))
  const bytes = chain.sign(nobody, 'Transfer', { to: BOB, amount: 1n })
  expect(decodeTransaction(bytes).tx.sender).toBe(nobody.address)
  expect(chain.machine.checkTx(bytes, 0)).toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
})
