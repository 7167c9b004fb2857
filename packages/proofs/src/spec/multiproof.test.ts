import { expect, test } from '@jest/globals'
import { hex, noise } from '../../test/support.ts'
import { concatBytes } from './bytes.ts'
import { hashPairs, reduceInPlace } from './hash-pairs.ts'
import { multiproofRoot, siblingPositions } from './multiproof.ts'

function proofOf(indices: number[], depth: number) {
  const levels = [noise(`tree ${depth}`, 32 * 2 ** depth)]
  for (let h = 0; h < depth; h += 1) {
    const next = new Uint8Array(levels[h]!.length / 2)
    hashPairs(levels[h]!, next)
    levels.push(next)
  }
  const at = (level: number, index: number) => [...levels[level]!.subarray(32 * index, 32 * index + 32)]
  const leaves = new Uint8Array(indices.flatMap((index) => at(0, index)))
  const siblings = new Uint8Array(siblingPositions(indices, depth).flatMap((p) => at(p.level, p.index)))
  return { indices, depth, leaves, siblings, hash: hashPairs, root: reduceInPlace(levels[0]!.slice(), hashPairs) }
}

test('any set of leaves of a small tree opens to its root', () => {
  for (let set = 1; set < 256; set += 1) {
    const proof = proofOf(
      [0, 1, 2, 3, 4, 5, 6, 7].filter((i) => (set >> i) & 1),
      3,
    )
    expect(hex(multiproofRoot(proof))).toBe(hex(proof.root))
  }
})

test('a single leaf has one sibling a level, all leaves have none', () => {
  expect(siblingPositions([5], 3)).toEqual([
    { level: 0, index: 4 },
    { level: 1, index: 3 },
    { level: 2, index: 0 },
  ])
  expect(siblingPositions([0, 1, 2, 3], 2)).toEqual([])
})

test('positions stay exact past 2³²', () => {
  expect(siblingPositions([2 ** 35 - 2], 36)[0]).toEqual({ level: 0, index: 2 ** 35 - 1 })
})

test('a path is followed exactly past 2³²', () => {
  const depth = 36
  const index = 2 ** 35 + 2 ** 31 + 5
  const leaf = noise('leaf', 32)
  const siblings = noise('path', 32 * depth)
  let expected = leaf
  for (let level = 0; level < depth; level += 1) {
    const sibling = siblings.subarray(32 * level, 32 * level + 32)
    const isLeft = (BigInt(index) >> BigInt(level)) % 2n === 0n
    const pair = concatBytes(isLeft ? [expected, sibling] : [sibling, expected])
    expected = new Uint8Array(32)
    hashPairs(pair, expected)
  }
  expect(multiproofRoot({ indices: [index], leaves: leaf, siblings, depth, hash: hashPairs })).toEqual(expected)
})

test.each([1, 4, 10])('a changed leaf, sibling or index at depth %i leads to another root', (depth) => {
  const indices = depth === 1 ? [1] : [1, 2, 2 ** depth - 1]
  const proof = proofOf(indices, depth)
  for (const part of ['leaves', 'siblings'] as const) {
    const bytes = proof[part].slice()
    bytes[0]! ^= 1
    expect(hex(multiproofRoot({ ...proof, [part]: bytes }))).not.toBe(hex(proof.root))
  }
  expect(hex(multiproofRoot({ ...proof, indices: [0, ...indices.slice(1)] }))).not.toBe(hex(proof.root))
})
