import { verifySigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { mutatedSignatures } from '../../../test/mutated-signatures.ts'
import { recoverSigner } from './recover-signer.ts'

const CASES = 100_000

test('libsecp256k1 accepts exactly the signatures that noble accepts, over 10⁵ mutations', async () => {
  const seed = Date.now()
  const differing: string[] = []
  for await (const { name, digest, signature } of mutatedSignatures(seed, CASES)) {
    const [reference, fast] = [verifySigner(digest, signature), recoverSigner(digest, signature)]
    if (JSON.stringify(reference) !== JSON.stringify(fast)) differing.push(name)
  }
  expect(differing).toEqual([])
}, 1_800_000)
