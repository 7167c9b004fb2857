import { verifySigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { mutatedSignatures } from '../../../test/mutated-signatures.ts'
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
