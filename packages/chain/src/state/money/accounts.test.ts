import {
  accountSigner,
  decodeTransaction,
  encodeTransaction,
  type Signer,
  sessionSigner,
} from '@granary/protocol/messages'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { createTestChain, fund, GRN, type SendOptions, type TestChain } from '../../../test/test-chain.ts'
import { accountView, recount } from '../index.ts'

const BOB = `0x${'ab'.repeat(20)}` as const
const PAYMENT = { to: BOB, amount: GRN }
let chain: TestChain
let alice: Signer

beforeEach(() => {
  chain = createTestChain()
  alice = fund(chain, 2, 10n * GRN)
})

/** What a node says to it when it arrives; a block must not have room for it either. */
function refusal(signer: Signer, options: SendOptions, body: { to: `0x${string}`; amount: bigint } = PAYMENT): string {
  const bytes = chain.sign(signer, 'Transfer', body, options)
  return refusalOf(bytes)
}

function refusalOf(bytes: Uint8Array): string {
  expect(chain.produce([bytes]).results.filter((result) => result.kind === 'Transfer')).toEqual([])
  const { height } = chain
  const block = { height: height + 1, timeMs: chain.genesis.timeMs + 10_000_000, txs: [bytes] }
  expect(chain.machine.processBlock(block)).toMatchObject({ accept: false })
  expect(() => chain.machine.finalizeBlock(block)).toThrow('may not be in this block')
  return chain.machine.checkTx(bytes, 0).code
}

test('a transfer moves the amount, its fee is burnt', () => {
  const burnt = recount(chain.state).burnt
  const { fee, events } = chain.does(alice, 'Transfer', { to: BOB, amount: 3n * GRN })
  expect(fee).toBeGreaterThan(0n)
  expect(chain.balance(BOB)).toBe(3n * GRN)
  // Bob had no record: making one is paid beside the fee.
  const { accountFee } = chain.genesis.params
  expect(chain.balance(alice.address)).toBe(7n * GRN - fee - accountFee)
  expect(recount(chain.state).burnt).toBe(burnt + fee + accountFee)
  expect(events).toEqual([{ type: 'transfer', from: alice.address, to: BOB, amount: String(3n * GRN) }])
})

describe('what may not be in a block', () => {
  test('another sequence than the next of its lane', () => {
    expect(refusal(alice, { sequence: 1 })).toBe('SEQUENCE_GAP')
    chain.does(alice, 'Transfer', PAYMENT)
    expect(refusal(alice, { sequence: 0 })).toBe('SEQUENCE_TOO_LOW')
  })

  test('the same bytes twice', () => {
    const bytes = chain.sign(alice, 'Transfer', PAYMENT)
    expect(chain.produce([bytes, bytes]).results.filter((result) => result.kind === 'Transfer')).toHaveLength(1)
    expect(refusalOf(bytes)).toBe('SEQUENCE_TOO_LOW')
    expect(chain.balance(BOB)).toBe(GRN)
  })

  test('one whose time is over', () => {
    expect(refusal(alice, { validUntil: chain.height })).toBe('TX_EXPIRED')
  })

  test("another account's signature, and one for another chain", () => {
    const mallory = accountSigner(new Uint8Array(32).fill(66))
    expect(refusal(mallory, { sender: alice.address })).toBe('SIGNER_WRONG')
    const elsewhere = createTestChain({ params: { cutoff: 9 } })
    fund(elsewhere, 2)
    const bytes = elsewhere.sign(alice, 'Transfer', PAYMENT, { sequence: 0, validUntil: 100 })
    expect(refusalOf(bytes)).toBe('SIGNER_WRONG')
  })

  test('a signature of nobody', () => {
    const { tx } = decodeTransaction(chain.sign(alice, 'Transfer', PAYMENT))
    expect(refusalOf(encodeTransaction(tx, new Uint8Array(65)))).toBe('SIGNATURE_INVALID')
  })

  test('one that would not pay its fee, or cannot', () => {
    expect(refusal(alice, { maxFee: 1n })).toBe('FEE_TOO_LOW')
    expect(refusal(accountSigner(new Uint8Array(32).fill(67)), {})).toBe('INSUFFICIENT_FUNDS')
  })

  test('bytes that are no transaction', () => {
    expect(refusalOf(new Uint8Array([1, 2, 3]))).toBe('TX_MALFORMED')
  })
})

test('a transfer that fails keeps its sequence and its fee and changes nothing else', () => {
  const bytes = chain.sign(alice, 'Transfer', { to: BOB, amount: 11n * GRN })
  expect(chain.machine.checkTx(bytes, 0)).toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
  const result = chain.send(alice, 'Transfer', { to: BOB, amount: 11n * GRN })
  expect(result).toMatchObject({ code: 'INSUFFICIENT_FUNDS', events: [] })
  expect(chain.balance(BOB)).toBe(0n)
  expect(chain.balance(alice.address)).toBe(10n * GRN - result.fee)
  expect(accountView(chain.state, alice.address).sequences).toEqual({ 0: 1 })
  expect(chain.send(alice, 'Transfer', { to: BOB, amount: 0n }).code).toBe('AMOUNT_ZERO')
})

test('lanes count by themselves, and several of one lane may wait and share a block', () => {
  const first = chain.sign(alice, 'Transfer', PAYMENT, { lane: 7 })
  const second = chain.sign(alice, 'Transfer', PAYMENT, { lane: 7, sequence: 1 })
  const other = chain.sign(alice, 'Transfer', PAYMENT, { lane: 8 })
  expect(chain.machine.checkTx(second, 0).code).toBe('SEQUENCE_GAP')
  expect(chain.machine.checkTx(second, 1)).toMatchObject({ code: 'OK', lane: 7, sequence: 1, class: 'general' })
  expect(chain.produce([first, second, other]).results.map((result) => result.code)).toEqual(['OK', 'OK', 'OK'])
  expect(accountView(chain.state, alice.address).sequences).toEqual({ 7: 2, 8: 1 })
})

describe('a session key', () => {
  const session = (): Signer & { publicKey: Uint8Array } => sessionSigner(new Uint8Array(32).fill(5), alice.address)

  function authorize(given: { scopes?: string[]; expires?: number; spendingLimit?: bigint } = {}): string {
    const { publicKey } = session()
    const body = { publicKey, scopes: ['Transfer'], expires: chain.height + 50, spendingLimit: 3n * GRN, ...given }
    return chain.send(alice, 'AuthorizeKey', body).code
  }

  test('signs for the account within its scopes, its time and its limit', () => {
    expect(authorize()).toBe('OK')
    chain.does(session(), 'Transfer', PAYMENT)
    expect(chain.balance(BOB)).toBe(GRN)
    const before = chain.balance(alice.address)
    const { code, fee } = chain.send(session(), 'Transfer', { to: BOB, amount: 2n * GRN })
    expect(code).toBe('SPENDING_LIMIT_REACHED')
    expect(chain.balance(alice.address)).toBe(before - fee)
    chain.does(session(), 'Transfer', { to: BOB, amount: GRN })
  })

  test('that nobody authorised, that is expired or lacks the scope is refused', () => {
    expect(refusal(session(), {})).toBe('KEY_NOT_AUTHORIZED')
    authorize({ scopes: ['SubmitPost'] })
    expect(refusal(session(), {})).toBe('KEY_SCOPE_MISSING')
    authorize({ expires: chain.height + 2 })
    chain.advance(3)
    expect(refusal(session(), {})).toBe('KEY_EXPIRED')
    authorize({ spendingLimit: 1n })
    expect(refusal(session(), {})).toBe('SPENDING_LIMIT_REACHED')
  })

  test('cannot make itself stronger', () => {
    expect(authorize({ scopes: ['AuthorizeKey'] })).toBe('SCOPE_UNKNOWN')
    authorize()
    const { publicKey } = session()
    const body = { publicKey, scopes: ['Transfer'], expires: 9_999, spendingLimit: 100n * GRN }
    const bytes = chain.sign(session(), 'AuthorizeKey', body)
    expect(chain.machine.checkTx(bytes, 0).code).toBe('KEY_SCOPE_MISSING')
  })

  test('cannot be authorised for a time that is over', () => {
    expect(authorize({ expires: chain.height })).toBe('KEY_INVALID')
  })

  test('of one account signs for no other', () => {
    authorize()
    const bob = fund(chain, 3)
    const foreign = sessionSigner(new Uint8Array(32).fill(5), bob.address)
    expect(refusal(foreign, {})).toBe('KEY_NOT_AUTHORIZED')
  })
})
