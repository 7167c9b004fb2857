import { describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { forgedPost, type PostRules } from '../../test/post-parts.ts'
import { flip, hex, noise } from '../../test/support.ts'
import { concatBytes, modLE, tag, u32LE, u64LE } from '../spec/bytes.ts'
import { commROf } from '../spec/commitments.ts'
import { hashPairs254 } from '../spec/hash-pairs.ts'
import { siblingPositions } from '../spec/multiproof.ts'
import { drawSamples } from '../spec/post-samples.ts'
import { profiles } from '../spec/profile.ts'
import { type PostInput, postBundleBytes, verifyPost } from './index.ts'

const challenge = { provider: 1000, partition: 3, randomness: noise('randomness', 32), count: 80 }
const one = { ...challenge, profile: profiles['512MiB'], count: 1 }
const refusal = (reason: string) => ({ ok: false, reason })

describe.each(Object.values(profiles))('at the shape of $name', (profile) => {
  test.each([1, 7, 2048])('a proof of %i sectors by all rules is accepted, and has the implied length', (sectors) => {
    const good = forgedPost({ ...challenge, profile }, sectors)
    expect(verifyPost(good)).toEqual({ ok: true })
    expect(good.bundle).toHaveLength(postBundleBytes({ ...good, sectors }))
  })
})

// docs/spec/proofs.md section 9, word for word, with BigInt in place of arithmetic on numbers.
test('samples are drawn as specified', () => {
  const u64 = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  const profile = profiles['64GiB']
  const sectors = 5
  const expected = Array.from({ length: 50 }, (_, j) => {
    const { randomness, provider, partition } = challenge
    const h = sha256(concatBytes([tag('granary/post/1'), randomness, u64LE(provider), u64LE(partition), u32LE(j)]))
    return [Number(u64(h) % BigInt(sectors)), Number(u64(h.subarray(8)) % BigInt(profile.nodes))] as const
  })
  const drawn = drawSamples({ ...challenge, profile, count: 50 }, sectors)
  expect(drawn.flatMap(({ position, leaves }) => leaves.map((leaf) => [position, leaf]))).toEqual(
    expected.toSorted(([p, a], [q, b]) => p - q || a - b),
  )
  expect(drawn.flatMap(({ leaves }) => leaves).some((leaf) => leaf >= 2 ** 30)).toBe(true)
})

/** The samples of one draw of another hash. */
const drawOf =
  (parts: (c: typeof one) => Uint8Array[]): PostRules['draw'] =>
  () => {
    const h = sha256(concatBytes(parts(one)))
    return [{ position: 0, leaves: [modLE(h.subarray(8, 16), one.profile.nodes)] }]
  }
const POST = tag('granary/post/1')

/** Everything else is by the rules, and the commitments are made for it. One sample, so that all lengths agree. */
test.each<[string, Partial<PostRules>, string]>([
  [
    'samples of another provider',
    { draw: (c, n) => drawSamples({ ...c, provider: 1001 }, n) },
    'REPLICA_NOT_IN_COMM_R',
  ],
  ['samples of another partition', { draw: (c, n) => drawSamples({ ...c, partition: 4 }, n) }, 'REPLICA_NOT_IN_COMM_R'],
  [
    'samples of other randomness',
    { draw: (c, n) => drawSamples({ ...c, randomness: noise('other', 32) }, n) },
    'REPLICA_NOT_IN_COMM_R',
  ],
  [
    'samples that ignore the provider',
    { draw: drawOf((c) => [POST, c.randomness, u64LE(c.partition), u32LE(0)]) },
    'REPLICA_NOT_IN_COMM_R',
  ],
  [
    'samples without their tag',
    { draw: drawOf((c) => [c.randomness, u64LE(c.provider), u64LE(c.partition), u32LE(0)]) },
    'REPLICA_NOT_IN_COMM_R',
  ],
  [
    'samples counted from one',
    { draw: drawOf((c) => [POST, c.randomness, u64LE(c.provider), u64LE(c.partition), u32LE(1)]) },
    'REPLICA_NOT_IN_COMM_R',
  ],
  [
    'samples shifted by one leaf',
    { draw: (c, n) => drawSamples(c, n).map((s) => ({ ...s, leaves: s.leaves.map((leaf) => leaf ^ 1) })) },
    'REPLICA_NOT_IN_COMM_R',
  ],
  ['a tree over hashed leaves', { leaves: (replica) => sha256(replica) }, 'REPLICA_NOT_IN_COMM_R'],
  ['the replica under the hash of the data', { pairs: hashPairs254 }, 'REPLICA_NOT_IN_COMM_R'],
  ['CommR without its tag', { commR: (c, r) => sha256(concatBytes([c, r])) }, 'COMM_R_MISMATCH'],
  ['CommR of the roots swapped', { commR: (c, r) => commROf(r, c) }, 'COMM_R_MISMATCH'],
  ['CommR that is a root', { commR: (_, r) => r }, 'COMM_R_MISMATCH'],
])('%s: one rule broken, all else made to fit', (_, changed, reason) => {
  expect(verifyPost(forgedPost(one, 1))).toEqual({ ok: true })
  expect(verifyPost(forgedPost(one, 1, changed))).toEqual(refusal(reason))
})

describe('a proof for another challenge of the same length', () => {
  const good = forgedPost(one, 1)
  test.each<[string, Partial<PostInput>]>([
    ['provider', { provider: 1001 }],
    ['partition', { partition: 4 }],
    ['randomness', { randomness: noise('another', 32) }],
  ])('another %s', (_, change) => {
    expect(postBundleBytes({ ...good, ...change, sectors: 1 })).toBe(good.bundle.length)
    expect(verifyPost({ ...good, ...change })).toEqual(refusal('REPLICA_NOT_IN_COMM_R'))
  })

  test('provider and partition exchanged', () => {
    const exchanged = { ...good, provider: good.partition, partition: good.provider }
    expect(verifyPost(exchanged)).toEqual(refusal('REPLICA_NOT_IN_COMM_R'))
  })

  test('a count that asks for the same sample again', () => {
    // The first of 64 leaves drawn twice in a row: two samples, one opening.
    const profile = profiles['2KiB-test']
    const repeated = Array.from({ length: 300 }, (_, i) => ({ ...one, profile, randomness: noise(`again ${i}`, 32) }))
      .map((c) => ({ ...c, count: 2 }))
      .find((c) => drawSamples(c, 1)[0]!.leaves.length === 1)!
    expect(verifyPost(forgedPost(repeated, 1))).toEqual({ ok: true })
    const { bundle, ...rest } = forgedPost({ ...repeated, count: 1 }, 1)
    expect(verifyPost({ ...rest, count: 2, bundle })).toEqual({ ok: true })
  })
})

describe('the frozen list', () => {
  const wide = { ...challenge, profile: profiles['2KiB-test'], count: 30 }
  const good = forgedPost(wide, 3)

  test('a sector left out, one put in, and two exchanged', () => {
    const [a, b, c] = good.sectors
    expect(verifyPost({ ...good, sectors: [a!, b!] }).ok).toBe(false)
    expect(verifyPost({ ...good, sectors: [a!, b!, c!, c!] }).ok).toBe(false)
    expect(verifyPost({ ...good, sectors: [b!, a!, c!] })).toEqual(refusal('COMM_R_MISMATCH'))
  })

  test("a sector's openings in the place of another's", () => {
    const same = forgedPost(wide, 3, {
      draw: () => [0, 1, 2].map((position) => ({ position, leaves: drawSamples(wide, 3)[0]!.leaves })),
    })
    expect(verifyPost(same).ok).toBe(false)
  })

  test('every sampled sector is checked, not the first alone', () => {
    for (const position of [0, 1, 2]) {
      const sectors = good.sectors.map((s, i) => (i === position ? { ...s, commR: flip(s.commR, 0) } : s))
      expect(verifyPost({ ...good, sectors })).toEqual(refusal('COMM_R_MISMATCH'))
    }
  })

  test('a sector that no sample fell on needs no opening, and only its number and CommR must be there', () => {
    const many = forgedPost({ ...wide, count: 1 }, 50)
    const [sampled] = drawSamples(many, 50)
    const sectors = many.sectors.map((s, i) => (i === sampled!.position ? s : { ...s, commR: noise('any', 32) }))
    expect(verifyPost({ ...many, sectors })).toEqual({ ok: true })
  })

  test('a bundle cut or extended is refused by its length, another magic as such', () => {
    const wrong = refusal('BUNDLE_LENGTH_WRONG')
    for (const cut of [1, 32, good.bundle.length])
      expect(verifyPost({ ...good, bundle: good.bundle.subarray(0, -cut) })).toEqual(wrong)
    for (const spare of [1, 32])
      expect(verifyPost({ ...good, bundle: concatBytes([good.bundle, new Uint8Array(spare)]) })).toEqual(wrong)
    for (const at of [0, 1, 2, 3])
      expect(verifyPost({ ...good, bundle: flip(good.bundle, at) })).toEqual(refusal('BUNDLE_MAGIC_WRONG'))
  })

  test.each([
    ['commC', 4],
    ['commRLast', 36],
  ])('a zero %s, under a CommR made for it', (_, at) => {
    const bundle = good.bundle.slice().fill(0, at, at + 32)
    const commR = commROf(bundle.subarray(4, 36), bundle.subarray(36, 68))
    const sectors = [{ number: 0, commR }, ...good.sectors.slice(1)]
    expect(verifyPost({ ...good, sectors, bundle })).toEqual(refusal('COMMITMENT_ZERO'))
  })

  test.each(['first', 'last'])('a zero CommR of the %s sector', (which) => {
    const position = which === 'first' ? 0 : 2
    const sectors = good.sectors.map((s, i) => (i === position ? { ...s, commR: new Uint8Array(32) } : s))
    expect(verifyPost({ ...good, sectors })).toEqual(refusal('COMMITMENT_ZERO'))
  })
})

describe('a provider who lost leaves', () => {
  const LOST = new Uint8Array(32)

  test('is refused exactly when one of them is sampled', () => {
    const profile = profiles['2KiB-test']
    let caught = 0
    for (let draw = 0; draw < 300; draw += 1) {
      const c = { profile, provider: 1, partition: 0, randomness: noise(`lost ${draw}`, 32), count: 5 }
      const good = forgedPost(c, 4)
      const bundle = good.bundle.slice()
      // A leaf in ten is lost: the provider sends zeros for it.
      let isSampled = false
      let offset = 4
      for (const { position, leaves } of drawSamples(c, 4)) {
        leaves.forEach((leaf, i) => {
          if ((position * 64 + leaf) % 10 !== 0) return
          isSampled = true
          bundle.set(LOST, offset + 64 + 32 * i)
        })
        offset += postBundleBytesOf(leaves)
      }
      expect(verifyPost({ ...good, bundle })).toEqual(isSampled ? refusal('REPLICA_NOT_IN_COMM_R') : { ok: true })
      if (isSampled) caught += 1
    }
    expect(caught).toBeGreaterThan(80)
    expect(caught).toBeLessThan(160)
  })

  function postBundleBytesOf(leaves: readonly number[]): number {
    return 32 * (2 + leaves.length + siblingPositions(leaves, 6).length)
  }
})

test.each([
  ['an empty list', []],
  ['a list with nothing in it', [undefined]],
  ['a list with null in it', [null]],
  ['a list of holes', new Array(3)],
  ['no list', undefined],
])('%s is no challenge', (_, sectors) => {
  expect(verifyPost({ ...forgedPost(one, 1), sectors: sectors as never })).toEqual(refusal('INPUT_INVALID'))
})

// Bundles are what chains hold: not a byte of their format may change unnoticed.
test.each([
  ['2KiB-test', 'e1c1644a5b70cb9841fa6972395b2a0d7c775cefe64016ed6b061f13a89e23aa'],
  ['8MiB-dev', '3dab2df3511560078fc2800491829e5ebc5dcaa4d017e1a7b3076042f31ccd1b'],
  ['64GiB', '5695cc2ee843e9a9633b02ac49830a7775a4d216a56dda35b68216b32efeb755'],
] as const)('the format of a bundle of %s stays as it is', (name, digest) => {
  expect(hex(sha256(forgedPost({ ...challenge, profile: profiles[name] }, 7).bundle))).toBe(digest)
})
