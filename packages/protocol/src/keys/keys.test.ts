/** What a page loads signs and judges as `@noble/curves`, the larger library, does: the chain's rules were written over that. */
import { toHex } from '@granary/base'
import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { signatures as audited } from './signatures.ts'
import { signatures } from './small-signatures.ts'

const { ed25519, secp256k1 } = signatures

const drawn = (what: string, index: number) => sha256(utf8ToBytes(`granary/keys ${what} ${index}`))
const DRAWS = Array.from({ length: 12 }, (_, index) => [drawn('key', index), drawn('digest', index)] as const)

/** What a judge says, or that it throws. */
function verdict(judge: () => boolean): boolean | 'throws' {
  try {
    return judge()
  } catch {
    return 'throws'
  }
}

/** Points of order 1, 2, 4 and 8, and encodings of such that are not the shortest. */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))

/** The second signature of the same message. */
function withHighS(compact: Uint8Array): Uint8Array {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = BigInt(toHex(compact.subarray(32)))
  return concatBytes(compact.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'))
}

/** s + the group's order: the same equation, another encoding. */
function withLargeScalar(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const scalar = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString('hex')}`)
  const larger = Buffer.from((scalar + order).toString(16).padStart(64, '0'), 'hex').reverse()
  return concatBytes(signature.subarray(0, 32), larger)
}

test('accounts: the same keys, and by RFC 6979 the same signatures, byte for byte', () => {
  for (const [key, digest] of DRAWS) {
    expect(secp256k1.publicKeyOf(key)).toEqual(audited.secp256k1.publicKeyOf(key))
    expect(secp256k1.sign(digest, key)).toEqual(audited.secp256k1.sign(digest, key))
  }
})

test('accounts: the same key recovered of what is right, and the same refused of what is nearly right', () => {
  const verdicts = new Set<string>()
  for (const [index, [key, digest]] of DRAWS.entries()) {
    const own = secp256k1.sign(digest, key)
    const [bit, compact] = [own[0]!, own.slice(1)]
    const cases: [compact: Uint8Array, bit: number][] = [
      [compact, bit],
      [compact, bit ^ 1],
      [compact, 2],
      [compact.with(index, compact[index]! ^ 1), bit],
      [withHighS(compact), bit ^ 1],
      [concatBytes(new Uint8Array(32), compact.subarray(32)), bit],
      [concatBytes(compact.subarray(0, 32), new Uint8Array(32)), bit],
      [concatBytes(new Uint8Array(32).fill(255), compact.subarray(32)), bit],
      [compact.subarray(1), bit],
    ]
    for (const each of cases) {
      const recovered = [secp256k1, audited.secp256k1].map((by) => {
        try {
          return toHex(by.recover(digest, ...each))
        } catch {
          return 'refused'
        }
      })
      expect(recovered[0]).toBe(recovered[1])
      verdicts.add(
        recovered[0] === toHex(secp256k1.publicKeyOf(key)) ? 'own' : recovered[0] === 'refused' ? 'refused' : 'other',
      )
    }
  }
  expect(verdicts).toEqual(new Set(['own', 'other', 'refused']))
})

test('session keys and validators: the same keys and signatures, byte for byte', () => {
  for (const [key, digest] of DRAWS) {
    expect(ed25519.getPublicKey(key)).toEqual(audited.ed25519.getPublicKey(key))
    expect(ed25519.sign(digest, key)).toEqual(audited.ed25519.sign(digest, key))
  }
})

test.each([false, true])(
  'ed25519: the same verdict over what is right, nearly right and wrong, zip215 %j',
  (zip215) => {
    const verdicts = new Set<boolean | 'throws'>()
    const same = (signature: Uint8Array, digest: Uint8Array, key: Uint8Array) => {
      const ours = verdict(() => ed25519.verify(signature, digest, key, { zip215 }))
      expect(ours).toBe(verdict(() => audited.ed25519.verify(signature, digest, key, { zip215 })))
      verdicts.add(ours)
    }
    for (const [index, [key, digest]] of DRAWS.entries()) {
      const publicKey = ed25519.getPublicKey(key)
      const signature = ed25519.sign(digest, key)
      const bit = (index * 13) % 512
      same(signature, digest, publicKey)
      same(signature.with(bit >> 3, signature[bit >> 3]! ^ (1 << (bit & 7))), digest, publicKey)
      same(withLargeScalar(signature), digest, publicKey)
      same(signature, drawn('other', index), publicKey)
      same(signature, digest, drawn('key', index))
    }
    const [key, digest] = DRAWS[0]!
    const signature = ed25519.sign(digest, key)
    const zero = new Uint8Array(32)
    for (const point of SMALL_ORDER) {
      same(concatBytes(point, zero), digest, ed25519.getPublicKey(key))
      same(concatBytes(point, signature.subarray(32)), digest, ed25519.getPublicKey(key))
      for (const nonce of [SMALL_ORDER[0]!, point]) same(concatBytes(nonce, zero), digest, point)
    }
    expect(verdicts).toContain(true)
    expect(verdicts).toContain(false)
  },
)
