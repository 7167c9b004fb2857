/** Signatures that are right, nearly right and wrong: all implementations must give the same verdict over each. */

import { accountSigner, sessionSigner } from '@granary/protocol/messages'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'

export interface SignatureCase {
  readonly name: string
  readonly digest: Uint8Array
  readonly signature: Uint8Array
}

const { n, p } = secp256k1.Point.CURVE()

/** Everything is drawn from the seed, so a case that fails can be had again. */
export async function* mutatedSignatures(seed: number, count: number): AsyncGenerator<SignatureCase> {
  let drawn = sha256(Uint8Array.from(String(seed), (digit) => digit.charCodeAt(0)))
  const draw = (): Uint8Array => (drawn = sha256(drawn))
  const below = (max: number): number => Number(bytesToNumberBE(draw().subarray(0, 6)) % BigInt(max))
  const names = Object.keys(mutations)
  let key = draw()
  let signer = accountSigner(key)
  for (let index = 0; index < count; index += 1) {
    if (index % 64 === 0) {
      key = draw()
      signer = accountSigner(key)
    }
    const digest = draw()
    const own = signer.sign({ digest })
    const name = names[index % names.length]!
    const scalar = bytesToNumberBE(own.subarray(32, 64))
    const signature = mutations[name]!({ signature: own, s: scalar, draw, below, digest, key })
    yield { name: `${name} (seed ${seed}, case ${index})`, digest, signature }
  }
}

interface Mutated {
  readonly signature: Uint8Array
  readonly s: bigint
  readonly digest: Uint8Array
  readonly key: Uint8Array
  draw(): Uint8Array
  below(max: number): number
}

const number = (value: bigint) => numberToBytesBE(value, 32)
const parts = (signature: Uint8Array) =>
  [signature.subarray(0, 32), signature.subarray(32, 64), signature.subarray(64)] as const
const withR = (signature: Uint8Array, r: bigint) => concatBytes(number(r), signature.subarray(32))
const withS = (signature: Uint8Array, s: bigint) => {
  const [r, , v] = parts(signature)
  return concatBytes(r, number(s), v)
}

const mutations: Readonly<Record<string, (mutated: Mutated) => Uint8Array>> = {
  right: ({ signature }) => signature,
  'another recovery id': ({ signature }) => signature.with(64, signature[64]! ^ 1),
  'a recovery id beyond 1': ({ signature, below }) => signature.with(64, 2 + below(254)),
  'high s': ({ signature, s }) => withS(signature, n - s).with(64, signature[64]! ^ 1),
  'high s with the old recovery id': ({ signature, s }) => withS(signature, n - s),
  's at the middle': ({ signature }) => withS(signature, n / 2n),
  's above the middle': ({ signature }) => withS(signature, n / 2n + 1n),
  's zero': ({ signature }) => withS(signature, 0n),
  's one': ({ signature }) => withS(signature, 1n),
  's at the order': ({ signature }) => withS(signature, n),
  's beyond the order': ({ signature, s }) => withS(signature, (s + n) % 2n ** 256n),
  'r zero': ({ signature }) => withR(signature, 0n),
  'r one': ({ signature }) => withR(signature, 1n),
  'r at the order': ({ signature }) => withR(signature, n),
  'r between order and field': ({ signature, below }) => withR(signature, n + BigInt(below(2 ** 40))),
  'r at the field': ({ signature }) => withR(signature, p),
  'r all ones': ({ signature }) => withR(signature, 2n ** 256n - 1n),
  'r drawn': ({ signature, draw }) => concatBytes(draw(), signature.subarray(32)),
  's drawn': ({ signature, draw }) => {
    const [r, , v] = parts(signature)
    return concatBytes(r, number(bytesToNumberBE(draw()) % (n / 2n)), v)
  },
  'all drawn': ({ draw, below }) => concatBytes(draw(), draw(), Uint8Array.of(below(3))),
  'all zero': () => new Uint8Array(65),
  'a bit turned': ({ signature, below }) => {
    const at = below(64)
    return signature.with(at, signature[at]! ^ (1 << below(8)))
  },
  'two bits turned': ({ signature, below }) => {
    const [one, two] = [below(64), below(64)]
    const turned = signature.with(one, signature[one]! ^ (1 << below(8)))
    return turned.with(two, turned[two]! ^ (1 << below(8)))
  },
  'one byte short': ({ signature }) => signature.subarray(0, 64),
  'one byte long': ({ signature }) => concatBytes(signature, Uint8Array.of(0)),
  empty: () => new Uint8Array(0),
  // The sum of the two points is the point at infinity: nobody's key.
  'a key at infinity': ({ digest }) => {
    const e = bytesToNumberBE(digest) % n
    const point = secp256k1.Point.BASE
    return concatBytes(number(point.x % n), number(e > n / 2n ? n - e : e), Uint8Array.of(e > n / 2n ? 1 : 0))
  },
  'of a session key': ({ key, digest }) => {
    const signer = sessionSigner(key, `0x${'00'.repeat(20)}`)
    return signer.sign({ digest })
  },
}
