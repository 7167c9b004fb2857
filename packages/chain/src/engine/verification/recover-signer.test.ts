import { accountSigner, type TypedMessage, verifySigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { mutatedSignatures } from '../../../test/mutated-signatures.ts'
import { accountOfKey } from '../../../test/test-chain.ts'
import { recoverSigner } from './recover-signer.ts'

test('libsecp256k1 accepts exactly the signatures that noble accepts, over 10³ mutations', async () => {
  let accepted = 0
  for await (const { name, digest, signature } of mutatedSignatures(1, 1_000)) {
    const reference = verifySigner(digest, signature)
    if (reference !== undefined) accepted += 1
    expect({ name, by: recoverSigner(digest, signature) }).toEqual({ name, by: reference })
  }
  // Neither all nor none, or the comparison would say nothing.
  expect(accepted).toBeGreaterThan(200)
  expect(accepted).toBeLessThan(600)
})

test('what a test chain signs is what an account signs, to the byte', () => {
  for (let key = 1; key <= 5; key++) {
    const privateKey = new Uint8Array(32).fill(key)
    for (let seed = 0; seed < 8; seed++) {
      const message = { digest: sha256(Uint8Array.of(key, seed)) } as TypedMessage
      expect(accountOfKey(privateKey).sign(message)).toEqual(accountSigner(privateKey).sign(message))
    }
  }
})
