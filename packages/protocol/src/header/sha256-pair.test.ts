import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { createHashPair } from './sha256-pair.ts'

test('is SHA-256 of tag ‖ left ‖ right, whatever was hashed before', () => {
  const hashPair = createHashPair()
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(fc.nat(255), bytes32, bytes32, (tag, left, right) => {
      expect(hashPair(tag, left, right)).toEqual(sha256(concatBytes(Uint8Array.of(tag), left, right)))
    }),
    { numRuns: 500 },
  )
})
