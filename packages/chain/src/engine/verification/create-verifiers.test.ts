import { randomBytes } from 'node:crypto'
import { profileNamed } from '@granary/proofs/profile'
import type { PoRepInput } from '@granary/proofs/verify'
import { accountSigner, encodeTransaction, transactionDigest } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createVerifiers, type ThreadedVerifiers, type VerificationEvent } from './create-verifiers.ts'

const signer = accountSigner(new Uint8Array(randomBytes(32)))
const GENESIS = `0x${'ab'.repeat(32)}` as const
const ENVELOPE = { lane: 0, sequence: 0, validUntil: 9, maxFee: 9n }
const account = { type: 'account', address: signer.address }

let threaded: ThreadedVerifiers
let events: VerificationEvent[]

beforeEach(() => {
  events = []
  threaded = createVerifiers({ threads: 2, log: (event) => events.push(event) })
})

afterEach(() => threaded.stop())

async function signedDigest(): Promise<{ digest: Uint8Array; signature: Uint8Array }> {
  const digest = new Uint8Array(randomBytes(32))
  return { digest, signature: await signer.sign({ digest }) }
}

const largePoRep = (): PoRepInput => ({
  profile: profileNamed('2KiB-test'),
  provider: 1000,
  sectorNumber: 1,
  ticket: new Uint8Array(32),
  seed: new Uint8Array(32),
  commD: new Uint8Array(32),
  commR: new Uint8Array(32),
  bundle: new Uint8Array(1_000_000),
})

test('each signature has its own verdict, whatever it was sent together with', async () => {
  const cases = await Promise.all(Array.from({ length: 300 }, signedDigest))
  const spoiled = cases.map((each, index) =>
    index % 3 === 0 ? { ...each, signature: each.signature.with(0, each.signature[0]! ^ 1) } : each,
  )
  await Promise.all(spoiled.map((each) => threaded.prepareSigners([each])))
  await threaded.prepareSigners(spoiled.slice(0, 70))
  for (const [index, { digest, signature }] of spoiled.entries()) {
    const verdict = threaded.verifiers.signer(digest, signature)
    if (index % 3 === 0) expect(verdict).not.toEqual(account)
    else expect(verdict).toEqual(account)
  }
})

test('a signature that nobody prepared is verified where it is asked for', async () => {
  const { digest, signature } = await signedDigest()
  expect(threaded.verifiers.signer(digest, signature)).toEqual(account)
  expect(threaded.verifiers.signer(signature.subarray(0, 32), signature)).not.toEqual(account)
})

test('a large proof is verified elsewhere while this thread goes on, and its verdict is for that proof alone', async () => {
  let checks = 0
  const verdict = await threaded.withProofs(() => {
    checks += 1
    return threaded.verifiers.poRep(largePoRep())
  })
  expect(verdict).toEqual({ ok: false, reason: 'BUNDLE_LENGTH_WRONG' })
  expect(checks).toBe(2)
  // Another proof than the one that was prepared gets a verdict of its own.
  const other = await threaded.withProofs(() => {
    const input = largePoRep()
    return threaded.verifiers.poRep({ ...input, bundle: input.bundle.subarray(0, 64) })
  })
  expect(other).toMatchObject({ ok: false })
})

test('of several large proofs each is verified elsewhere, once', async () => {
  const seals = [1, 2, 3].map((sectorNumber) => ({ ...largePoRep(), sectorNumber }))
  let checks = 0
  const verdicts = await threaded.withProofs(() => {
    checks += 1
    return seals.map((seal) => threaded.verifiers.poRep(seal))
  })
  expect(verdicts).toEqual(seals.map(() => ({ ok: false, reason: 'BUNDLE_LENGTH_WRONG' })))
  expect(checks).toBe(1 + seals.length)
})

test('what a check throws is passed on, before and after its proof', async () => {
  await expect(
    threaded.withProofs(() => {
      throw new RangeError('before')
    }),
  ).rejects.toThrow('before')
  await expect(
    threaded.withProofs(() => {
      threaded.verifiers.post({ ...largePoRep(), partition: 0, randomness: new Uint8Array(32), count: 1, sectors: [] })
      throw new RangeError('after')
    }),
  ).rejects.toThrow('after')
})

test('a large transaction is hashed elsewhere, and found by its bytes alone', async () => {
  const body = { provider: 1000, number: 1, bundle: new Uint8Array(100_000) }
  const tx = { kind: 'ProveCommitSector', ...ENVELOPE, sender: signer.address, body } as const
  const bytes = encodeTransaction(tx, new Uint8Array(65))
  expect(threaded.verifiers.digest?.(bytes)).toBeUndefined()
  const digest = await threaded.digestOf(GENESIS, bytes, tx)
  expect(digest).toEqual(transactionDigest(GENESIS, tx))
  expect(threaded.verifiers.digest?.(bytes)).toBe(digest)
  expect(threaded.verifiers.digest?.(Uint8Array.from(bytes))).toBeUndefined()
  await threaded.stop()
  const again = Uint8Array.from(bytes)
  expect(await threaded.digestOf(GENESIS, again, tx)).toEqual(digest)
})

test('without its threads a node verifies all the same', async () => {
  await threaded.stop()
  const { digest, signature } = await signedDigest()
  await threaded.prepareSigners([{ digest, signature }])
  expect(threaded.verifiers.signer(digest, signature)).toEqual(account)
  expect(await threaded.withProofs(() => threaded.verifiers.poRep(largePoRep()))).toMatchObject({ ok: false })
  expect(events).toEqual([])
})
