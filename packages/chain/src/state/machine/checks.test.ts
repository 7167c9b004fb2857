import { profileNamed } from '@granary/proofs/profile'
import type { PoRepInput } from '@granary/proofs/verify'
import { expect, test } from '@jest/globals'
import { createChecks } from './checks.ts'

const proof = (sectorNumber: number): PoRepInput => ({
  profile: profileNamed('2KiB-test'),
  provider: 1_000,
  sectorNumber,
  ticket: new Uint8Array(32),
  seed: new Uint8Array(32),
  commD: new Uint8Array(32),
  commR: new Uint8Array(32),
  bundle: new Uint8Array(64),
})

/** Odd sectors are proven. */
function counting() {
  const verified: number[] = []
  const checks = createChecks({
    signer: () => undefined,
    poRep: ({ sectorNumber }) => {
      verified.push(sectorNumber)
      return sectorNumber % 2 === 1 ? { ok: true } : { ok: false, reason: 'COMM_R_MISMATCH' }
    },
    post: () => ({ ok: true }),
  })
  return { checks, verified }
}

const signature = new Uint8Array(65)
const digestAt = (index: number): Uint8Array => new Uint8Array(new Uint32Array([index, 0, 0, 0, 0, 0, 0, 0]).buffer)

test('a proof is verified once, however many signatures come after it', () => {
  const { checks, verified } = counting()
  for (const number of [1, 2]) checks.poRep(proof(number))
  for (let index = 0; index < 10_000; index++) checks.signer(digestAt(index), signature)
  expect(checks.poRep(proof(1))).toEqual({ ok: true })
  expect(checks.poRep(proof(2))).toMatchObject({ ok: false })
  expect(verified).toEqual([1, 2])
})

test('what is forgotten of proofs is verified again, with the same verdict', () => {
  const { checks, verified } = counting()
  const verdicts = () => [checks.poRep(proof(1)), checks.poRep(proof(2))]
  const before = verdicts()
  for (let number = 3; number < 1_003; number++) checks.poRep(proof(number))
  expect(verdicts()).toEqual(before)
  expect(verified.filter((number) => number <= 2)).toEqual([1, 2, 1, 2])
})

test('another byte of a proof is another proof', () => {
  const { checks, verified } = counting()
  checks.poRep(proof(1))
  checks.poRep({ ...proof(1), bundle: new Uint8Array(64).with(7, 1) })
  checks.poRep({ ...proof(1), seed: new Uint8Array(32).with(7, 1) })
  expect(verified).toEqual([1, 1, 1])
})
