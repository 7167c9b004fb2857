import {
  accountSigner,
  encodeTransaction,
  sessionSigner,
  type Transaction,
  type TransactionName,
} from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { createTestChain, fund, GRN, registerProvider, type TestChain } from '../../../test/test-chain.ts'
import { createStateMachine, type EnvelopeVerdict } from '../index.ts'
import type { Verifiers } from './checks.ts'

const stranger = accountSigner(new Uint8Array(32).fill(9))

/** Whatever is asked of them costs time that a stranger must not be able to take. */
const forbidden: Verifiers = {
  digest: () => fail('hashed'),
  signer: () => fail('verified a signature'),
  poRep: () => fail('verified a proof'),
  post: () => fail('verified a proof'),
}

function fail(what: string): never {
  throw new Error(`the envelope was judged, and the node ${what}`)
}

function judge(
  chain: TestChain,
  tx: Partial<Transaction> & { kind: TransactionName },
  signature: Uint8Array = new Uint8Array(65),
): EnvelopeVerdict {
  const envelope = { sender: stranger.address, lane: 0, sequence: 0, validUntil: 1_000, maxFee: GRN }
  const machine = createStateMachine({ reader: chain.state, verifiers: forbidden })
  return machine.checkEnvelope(encodeTransaction({ ...envelope, ...tx } as Transaction, signature))
}

const transfer = { kind: 'Transfer', body: { to: stranger.address, amount: 1n } } as const
const post = { provider: 1000, partition: 0, challengeEpoch: 1, skipped: [], bundle: new Uint8Array(100_000) }
const answer = { kind: 'SubmitPost', body: post } as const

test('an envelope is judged by a few reads of the state, and nothing is hashed or verified', () => {
  const chain = createTestChain()
  const owner = fund(chain, 3)
  const { address: sender } = owner
  const code = (...given: [Parameters<typeof judge>[1], Uint8Array?]) => judge(chain, ...given).refused?.code
  expect(registerProvider(chain, owner)).toBe(1000)
  expect(code({ ...transfer, sender, sequence: 1 })).toBeUndefined()
  expect(code(transfer)).toBe('INSUFFICIENT_FUNDS')
  expect(code({ ...transfer, sender, maxFee: 1n })).toBe('FEE_TOO_LOW')
  expect(code({ ...transfer, sender, validUntil: 0 })).toBe('TX_EXPIRED')
  expect(code({ ...transfer, sender, lane: 1_024 })).toBe('LANE_INVALID')
  expect(code({ ...transfer, sender }, new Uint8Array(96))).toBe('KEY_NOT_AUTHORIZED')
  expect(code({ ...answer, sender })).toBe('PARTITION_NOT_FOUND')
  expect(code({ ...answer, sender, body: { ...post, provider: 1001 } })).toBe('PROVIDER_NOT_FOUND')
  fund(chain, 9)
  expect(code(answer)).toBe('PROVIDER_NOT_OWNED')
  expect(code({ kind: 'DeclareFaults', body: { provider: 1000, partition: 0, sectors: [1] } })).toBe(
    'PROVIDER_NOT_OWNED',
  )
  expect(code({ kind: 'RequestRecovery', body: { provider: 1000, partition: 0, sectors: [] } })).toBe(
    'PROVIDER_NOT_OWNED',
  )
  expect(judge(chain, { ...transfer, sender }).isUsed).toBe(true)
  expect(judge(chain, { ...transfer, sender, sequence: 9 }).isUsed).toBe(false)
})

test('a session key is known, in time and of that scope before its signature is looked at', () => {
  const chain = createTestChain()
  const owner = fund(chain, 3)
  const session = sessionSigner(new Uint8Array(32).fill(5), owner.address)
  const expires = chain.height + 20
  chain.send(owner, 'AuthorizeKey', {
    publicKey: session.publicKey,
    scopes: ['SettleDeals'],
    expires,
    spendingLimit: GRN,
  })
  const signature = new Uint8Array(96)
  signature.set(session.publicKey)
  const settle = { kind: 'SettleDeals', sender: owner.address, body: { deals: [1] } } as const
  expect(judge(chain, settle, signature).refused).toBeUndefined()
  expect(judge(chain, { ...transfer, sender: owner.address }, signature).refused?.code).toBe('KEY_SCOPE_MISSING')
  chain.advanceTo(expires)
  expect(judge(chain, settle, signature).refused?.code).toBe('KEY_EXPIRED')
})
