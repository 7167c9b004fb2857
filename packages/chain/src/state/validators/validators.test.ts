/** Bonds, the set that follows them, and what validators are held to; each misuse of it tried as the attack that it is. */
import { toHex } from '@granary/base'
import { type Address, possessionDigest, type Signer } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { describe, expect, test } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import { createTestChain, fund, GRN, type TestChain } from '../../../test/test-chain.ts'
import { readHead, validatorOf, validatorView } from '../index.ts'
import { tables } from '../store/tables.ts'
import type { DoubleVote, EngineReport } from './engine-report.ts'

const short: Partial<ChainParams> = { unbonding: 20, livenessWindow: 10, jailTime: 4 }
const seedOf = (seed: number): Uint8Array => new Uint8Array(32).fill(seed)
const keyOf = (seed: number): Uint8Array => ed25519.getPublicKey(seedOf(seed))
const nobody: EngineReport = { absent: [], doubleVotes: [] }
const GENESIS_KEY = `0x${'22'.repeat(32)}` as const

/** What the engine is told in each block, and runs with. */
function network(params: Partial<ChainParams> = {}) {
  const chain = createTestChain({ params: { ...short, ...params } })
  const set = new Map<string, number>([[GENESIS_KEY, 10]])
  function produce(report: EngineReport = nobody, txs: readonly Uint8Array[] = []) {
    const { seats, results } = chain.produce(txs, { report })
    for (const { publicKey, power } of seats) {
      if (power === 0) set.delete(toHex(publicKey))
      else set.set(toHex(publicKey), power)
    }
    expect(set.size).toBeGreaterThan(0)
    return { seats, results }
  }
  return { chain, set, produce }
}

function bond(chain: TestChain, owner: Signer, seed: number, amount: bigint = 10n * GRN): string {
  const possession = ed25519.sign(possessionDigest(chain.genesisHash, owner.address), seedOf(seed))
  return chain.send(owner, 'BondValidator', { validator: keyOf(seed), amount, possession }).code
}

const unbond = (chain: TestChain, owner: Signer, seed: number, amount: bigint): string =>
  chain.send(owner, 'UnbondValidator', { validator: keyOf(seed), amount }).code
const unjail = (chain: TestChain, owner: Signer, seed: number): string =>
  chain.send(owner, 'Unjail', { validator: keyOf(seed) }).code
const viewOf = (chain: TestChain, seed: number) => validatorView(chain.state, toHex(keyOf(seed)))!
const addressOf = (seed: number): Address => validatorOf(keyOf(seed))
const absent = (...seeds: readonly number[]): EngineReport => ({ absent: seeds.map(addressOf), doubleVotes: [] })

function twice(chain: TestChain, seed: number, height = chain.height - 1): EngineReport {
  const vote: DoubleVote = { validator: addressOf(seed), height, timeMs: readHead(chain.state).timeMs }
  return { absent: [], doubleVotes: [vote] }
}

/** With two validators beside the genesis' own, which the set has. */
function threeValidators(params: Partial<ChainParams> = {}) {
  const { chain, set, produce } = network(params)
  const [one, two] = [fund(chain, 61), fund(chain, 62)]
  expect([bond(chain, one, 61), bond(chain, two, 62, 30n * GRN)]).toEqual(['OK', 'OK'])
  produce()
  expect(set.size).toBe(3)
  return { chain, set, produce, one, two }
}

describe('the set follows the bonds', () => {
  test('a bond is power, more of it more, and what leaves is gone from the set at once', () => {
    const { chain, set, produce, two } = threeValidators()
    expect(set.get(toHex(keyOf(62)))).toBe(30)
    expect(bond(chain, two, 62, 5n * GRN)).toBe('OK')
    expect(produce().seats).toEqual([{ publicKey: keyOf(62), power: 35 }])
    expect(produce().seats).toEqual([])
    expect(unbond(chain, two, 62, 35n * GRN)).toBe('OK')
    produce()
    expect(set.has(toHex(keyOf(62)))).toBe(false)
    expect(viewOf(chain, 62)).toMatchObject({ bond: '0', power: 0 })
  })

  test('an engine of one validator keeps it, whoever is bonded beside it', () => {
    const chain = createTestChain({ params: short })
    const one = fund(chain, 61)
    expect(bond(chain, one, 61, 500n * GRN)).toBe('OK')
    expect(chain.produce().seats).toEqual([])
    expect(validatorView(chain.state, GENESIS_KEY)).toMatchObject({ power: 10, bond: String(10n * GRN) })
    const all = { validator: new Uint8Array(32).fill(0x22), amount: 10n * GRN }
    expect(chain.send(chain.faucet, 'UnbondValidator', all).code).toBe('LAST_VALIDATOR')
  })

  test('flooding the set: there are places for the most powerful alone, and eight changes a block', () => {
    const { chain, set, produce } = network({ validatorsMax: 6 })
    const owner = fund(chain, 60, 100_000n * GRN)
    for (let seed = 70; seed < 90; seed += 1) expect(bond(chain, owner, seed, BigInt(seed) * GRN)).toBe('OK')
    const changes = [produce(), produce(), produce()].map(({ seats }) => seats.length)
    expect(Math.max(...changes)).toBeLessThanOrEqual(8)
    expect(changes.at(-1)).toBe(0)
    expect([...set.values()].toSorted()).toEqual([84, 85, 86, 87, 88, 89])
  })

  test('a single place is handed over in one block', () => {
    const { chain, set, produce } = network({ validatorsMax: 1 })
    expect(bond(chain, fund(chain, 61), 61, 20n * GRN)).toBe('OK')
    produce()
    expect([...set]).toEqual([[toHex(keyOf(61)), 20]])
  })
})

describe('a bond', () => {
  test("bonding another's key: a validator has to sign for whose it becomes", () => {
    const { chain } = network()
    const [owner, mallory] = [fund(chain, 61), fund(chain, 62)]
    const possession = ed25519.sign(possessionDigest(chain.genesisHash, owner.address), seedOf(61))
    const body = { validator: keyOf(61), amount: 10n * GRN, possession }
    expect(chain.send(mallory, 'BondValidator', body).code).toBe('VALIDATOR_SIGNATURE_INVALID')
    expect(chain.send(owner, 'BondValidator', body).code).toBe('OK')
    const more = { ...body, possession: new Uint8Array(0) }
    expect(chain.send(mallory, 'BondValidator', more).code).toBe('VALIDATOR_NOT_OWNED')
    expect(chain.send(owner, 'BondValidator', more).code).toBe('OK')
  })

  test('comes back after blocks and time of the unbonding, and its validator is forgotten then', () => {
    const { chain, produce, one } = threeValidators()
    const before = chain.balance(one.address)
    const { fee } = chain.does(one, 'UnbondValidator', { validator: keyOf(61), amount: 10n * GRN })
    const since = chain.height
    while (chain.height < since + 19) produce()
    expect(chain.balance(one.address)).toBe(before - fee)
    produce()
    expect(chain.balance(one.address)).toBe(before - fee + 10n * GRN)
    expect(validatorView(chain.state, toHex(keyOf(61)))).toBeUndefined()
  })

  test('whose blocks came too fast waits for the time', () => {
    const { chain, one } = threeValidators()
    const { fee } = chain.does(one, 'UnbondValidator', { validator: keyOf(61), amount: 10n * GRN })
    const before = chain.balance(one.address)
    for (let count = 0; count < 25; count += 1) chain.produce([], { report: nobody, afterMs: 10 })
    expect(chain.balance(one.address)).toBe(before)
    chain.produce([], { report: nobody, afterMs: 20 * chain.genesis.blockTimeMs })
    expect(chain.balance(one.address)).toBe(before + 10n * GRN)
    expect(fee).toBeGreaterThan(0n)
  })

  test('leaves in 32 parts at once at most', () => {
    const { chain, two } = threeValidators({ unbonding: 1_000 })
    const codes = Array.from({ length: 33 }, () => unbond(chain, two, 62, GRN / 4n))
    expect(codes).toEqual([...Array(32).fill('OK'), 'UNBONDINGS_FULL'])
  })
})

describe('two votes at one height', () => {
  test('reporting one double vote again and again: it is slashed once, and another height once more', () => {
    const { chain, set, produce } = threeValidators()
    const report = twice(chain, 62)
    const { burnt } = tables.totals.get(chain.state)!
    produce({ ...report, doubleVotes: [...report.doubleVotes, ...report.doubleVotes] })
    const lost = (30n * GRN) / 20n
    expect(viewOf(chain, 62)).toMatchObject({ bond: String(30n * GRN - lost), jailed: 'signed-twice', power: 0 })
    expect(tables.totals.get(chain.state)!.burnt - burnt).toBe(lost)
    expect(set.has(toHex(keyOf(62)))).toBe(false)
    produce(report)
    expect(viewOf(chain, 62).bond).toBe(String(30n * GRN - lost))
    produce(twice(chain, 62))
    expect(BigInt(viewOf(chain, 62).bond)).toBe(30n * GRN - lost - (30n * GRN - lost) / 20n)
  })

  test('unbonding before the evidence comes: what is on its way is slashed like what stays', () => {
    const { chain, produce, one } = threeValidators()
    const voted = chain.height
    expect(unbond(chain, one, 61, 10n * GRN)).toBe('OK')
    const before = chain.balance(one.address)
    produce(twice(chain, 61, voted))
    while (viewOf(chain, 61).unbonding.length > 0) produce()
    expect(chain.balance(one.address)).toBe(before + 10n * GRN - (10n * GRN) / 20n)
  })

  test('coming back under a key that voted twice: it is taken neither by Unjail nor by a bond', () => {
    const { chain, produce, one } = threeValidators()
    produce(twice(chain, 61))
    for (let count = 0; count < 10; count += 1) produce()
    expect(unjail(chain, one, 61)).toBe('VALIDATOR_SLASHED')
    expect(bond(chain, one, 61, 100n * GRN)).toBe('VALIDATOR_SLASHED')
    // All of what is left, and then anew: the key is remembered.
    expect(unbond(chain, one, 61, (95n * GRN) / 10n)).toBe('OK')
    for (let count = 0; count < 21; count += 1) produce()
    expect(bond(chain, one, 61, 100n * GRN)).toBe('VALIDATOR_SLASHED')
  })

  test('is forgotten once nobody would report it any more, and of a stranger it is nothing', () => {
    const { chain, produce } = threeValidators()
    produce(twice(chain, 62))
    produce(twice(chain, 99))
    expect([...tables.slashes.entries(chain.state, [])]).toHaveLength(1)
    for (let count = 0; count < 25; count += 1) produce()
    expect([...tables.slashes.entries(chain.state, [])]).toHaveLength(0)
  })
})

describe('silence', () => {
  test('for more than half of a window jails, and Unjail brings back after a while', () => {
    const { chain, set, produce, one } = threeValidators()
    while (viewOf(chain, 61).jailed === 'no') produce(absent(61))
    expect(viewOf(chain, 61)).toMatchObject({ jailed: 'silent', bond: String(10n * GRN), power: 0 })
    expect(set.has(toHex(keyOf(61)))).toBe(false)
    expect(unjail(chain, one, 61)).toBe('JAIL_NOT_OVER')
    for (let count = 0; count < 4; count += 1) produce()
    expect(unjail(chain, one, 61)).toBe('OK')
    produce()
    expect(set.get(toHex(keyOf(61)))).toBe(10)
    expect(unjail(chain, one, 61)).toBe('VALIDATOR_NOT_JAILED')
  })

  test('for half of each window does not', () => {
    const { chain, produce } = threeValidators()
    while (chain.height % 10 !== 9) produce()
    for (let count = 0; count < 50; count += 1) produce(count % 10 < 5 ? absent(61) : nobody)
    expect(viewOf(chain, 61)).toMatchObject({ jailed: 'no', power: 10 })
  })

  test('emptying the set: the last that could leave it stays, jailed or not', () => {
    const { chain, set, produce, one, two } = threeValidators()
    for (const seed of [61, 62]) produce(twice(chain, seed))
    const genesisValidator = validatorOf(new Uint8Array(32).fill(0x22))
    for (let count = 0; count < 30; count += 1) produce({ absent: [genesisValidator], doubleVotes: [] })
    expect([...set]).toEqual([[GENESIS_KEY, 10]])
    const all = { validator: new Uint8Array(32).fill(0x22), amount: 10n * GRN }
    expect(chain.send(chain.faucet, 'UnbondValidator', all).code).toBe('LAST_VALIDATOR')
    // Another one takes its place.
    expect(bond(chain, two, 63, 20n * GRN)).toBe('OK')
    produce()
    expect([...set]).toEqual([[toHex(keyOf(63)), 20]])
    expect(one.address).not.toBe(two.address)
  })
})
