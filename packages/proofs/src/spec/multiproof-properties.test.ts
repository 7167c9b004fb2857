import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { hex } from '../../test/support.ts'
import { hashPairs } from './hash-pairs.ts'
import { multiproofRoot, siblingPositions } from './multiproof.ts'

const DEPTH_MAX = 20
const seeded = (numRuns: number) => ({ seed: 20_240_612, numRuns })

/** One tree of 2²⁰ leaves: its first 2^d are the tree of depth d. */
let levels: Uint8Array[]
beforeAll(() => {
  levels = [treeLeaves()]
  for (let height = 0; height < DEPTH_MAX; height += 1) {
    const next = new Uint8Array(levels[height]!.length / 2)
    hashPairs(levels[height]!, next)
    levels.push(next)
  }
})

function treeLeaves(): Uint8Array {
  const leaves = new Uint8Array(32 * 2 ** DEPTH_MAX)
  const view = new DataView(leaves.buffer)
  for (let at = 0; at < leaves.length; at += 4) view.setUint32(at, Math.imul(at + 1, 0x9e3779b1))
  return leaves
}

function nodeAt(level: number, index: number): Uint8Array {
  return levels[level]!.subarray(32 * index, 32 * index + 32)
}

function proofOf(indices: readonly number[], depth: number) {
  const leaves = joined(indices.map((index) => nodeAt(0, index)))
  const siblings = joined(siblingPositions(indices, depth).map(({ level, index }) => nodeAt(level, index)))
  return { indices, depth, leaves, siblings, hash: hashPairs }
}

function joined(nodes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(32 * nodes.length)
  nodes.forEach((node, i) => {
    bytes.set(node, 32 * i)
  })
  return bytes
}

/** A depth and a set of leaves of it: scattered ones, and runs of neighbours. */
const sets = fc.integer({ min: 1, max: DEPTH_MAX }).chain((depth) => {
  const leaf = fc.nat(2 ** depth - 1)
  const run = fc
    .tuple(leaf, fc.integer({ min: 1, max: 20 }))
    .map(([first, length]) => Array.from({ length }, (_, i) => first + i).filter((index) => index < 2 ** depth))
  return fc
    .array(
      fc.oneof(
        leaf.map((index) => [index]),
        run,
      ),
      { minLength: 1, maxLength: 60 },
    )
    .map((parts) => ({
      depth,
      indices: [...new Set(parts.flat())].sort((a, b) => a - b),
    }))
})

describe('a multiproof of any leaves of a tree of depth 1 to 20', () => {
  test('leads to the root', () => {
    const property = fc.property(sets, ({ depth, indices }) => {
      const proof = proofOf(indices, depth)
      expect(hex(multiproofRoot(proof))).toBe(hex(nodeAt(depth, 0)))
    })
    fc.assert(property, seeded(300))
  })

  test('has each sibling that does not follow from what is known, and no other', () => {
    const property = fc.property(sets, ({ depth, indices }) => {
      const known = new Set<string>()
      for (let level = 0; level < depth; level += 1)
        for (const index of indices) known.add(`${level}/${Math.floor(index / 2 ** level)}`)
      const expected = new Set<string>()
      for (let level = 0; level < depth; level += 1)
        for (const index of indices) {
          const sibling = `${level}/${Math.floor(index / 2 ** level) ^ 1}`
          if (!known.has(sibling)) expected.add(sibling)
        }
      const positions = siblingPositions(indices, depth).map(({ level, index }) => `${level}/${index}`)
      expect(positions).toHaveLength(expected.size)
      expect(new Set(positions)).toEqual(expected)
    })
    fc.assert(property, seeded(200))
  })

  test('leads elsewhere with any node changed, or a leaf at another place', () => {
    const property = fc.property(sets, fc.nat(), fc.integer({ min: 1, max: 255 }), (set, place, change) => {
      const proof = proofOf(set.indices, set.depth)
      const root = hex(nodeAt(set.depth, 0))
      for (const part of ['leaves', 'siblings'] as const) {
        if (proof[part].length === 0) continue
        const bytes = proof[part].slice()
        bytes[place % bytes.length]! ^= change
        expect(hex(multiproofRoot({ ...proof, [part]: bytes }))).not.toBe(root)
      }
      const moved = set.indices.map((index) => index ^ 1).sort((a, b) => a - b)
      if (String(moved) !== String(set.indices)) {
        const siblings = proof.siblings.slice(0, 32 * siblingPositions(moved, set.depth).length)
        if (siblings.length === proof.siblings.length)
          expect(hex(multiproofRoot({ ...proof, indices: moved }))).not.toBe(root)
      }
    })
    fc.assert(property, seeded(200))
  })
})
