import {
  bitAt,
  EMPTY_HASH,
  faultOfProof,
  innerHashOf,
  leafHashOf,
  pathOf,
  type TreeProof,
  valueHashOf,
} from '@granary/protocol/header'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { proveKey } from './prove-key.ts'
import { compareBytes, rootOf, updateTree } from './update-tree.ts'

type Write = readonly [string, Uint8Array | null]

const pageStore = () => new Map<string, Uint8Array>()
const bytes = (...values: number[]) => Uint8Array.from(values)

function apply(pages: Map<string, Uint8Array>, writes: Iterable<Write>): Uint8Array {
  const update = updateTree(pages, writes)
  for (const [prefix, page] of update.pages) {
    if (page === null) pages.delete(prefix)
    else pages.set(prefix, page)
  }
  return update.root
}

/** The definition, without pages and updates: split the leaves by the next bit until one or none is left. */
function naiveRoot(values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const leaves = Array.from(values, ([key, value]) => ({ path: pathOf(key), valueHash: valueHashOf(value) }))
  const rootAt = (part: typeof leaves, depth: number): Uint8Array => {
    if (part.length === 0) return EMPTY_HASH
    if (part.length === 1) return leafHashOf(part[0]!.path, part[0]!.valueHash)
    const side = (bit: number) => part.filter(({ path }) => bitAt(path, depth) === bit)
    return innerHashOf(rootAt(side(0), depth + 1), rootAt(side(1), depth + 1))
  }
  return rootAt(leaves, 0)
}

function set(values: Map<string, Uint8Array>, writes: Iterable<Write>): void {
  for (const [key, value] of writes) {
    if (value === null) values.delete(key)
    else values.set(key, value)
  }
}

const key = fc.integer({ min: 0, max: 60 }).map((number) => `key/${number}`)
const value = fc.uint8Array({ minLength: 0, maxLength: 3 })
const block = fc
  .array(fc.tuple(key, fc.option(value, { nil: null })), { maxLength: 40 })
  .map((writes) => new Map<string, Uint8Array | null>(writes))
const blocks = fc.array(block, { minLength: 1, maxLength: 8 })

test('after every block of inserts, changes and deletions the root is that of the naive model', () => {
  fc.assert(
    fc.property(blocks, (all) => {
      const pages = pageStore()
      const values = new Map<string, Uint8Array>()
      for (const writes of all) {
        set(values, writes)
        expect(apply(pages, writes)).toEqual(naiveRoot(values))
        expect(rootOf(pages)).toEqual(naiveRoot(values))
      }
    }),
    { numRuns: 60 },
  )
})

test('root and pages depend on the set alone: any history and one batch of what is left give the same bytes', () => {
  fc.assert(
    fc.property(blocks, (all) => {
      const pages = pageStore()
      const values = new Map<string, Uint8Array>()
      for (const writes of all) {
        set(values, writes)
        apply(pages, writes)
      }
      const fresh = pageStore()
      apply(fresh, [...values].reverse())
      expect(new Map([...pages].sort())).toEqual(new Map([...fresh].sort()))
    }),
    { numRuns: 60 },
  )
})

test('deleting all but one leaves the tree of that one, and the last leaves nothing', () => {
  const pages = pageStore()
  const keys = Array.from({ length: 500 }, (_, index) => `account/${index}`)
  apply(
    pages,
    keys.map((name) => [name, bytes(1)]),
  )
  const root = apply(
    pages,
    keys.slice(1).map((name) => [name, null]),
  )
  expect(root).toEqual(leafHashOf(pathOf(keys[0]!), valueHashOf(bytes(1))))
  expect([...pages.keys()]).toEqual([''])
  expect(apply(pages, [[keys[0]!, null]])).toEqual(EMPTY_HASH)
  expect(pages.size).toBe(0)
})

test('a write of the value that is there, or a deletion of what is not, writes no page', () => {
  const pages = pageStore()
  const keys = Array.from({ length: 50 }, (_, index): Write => [`key/${index}`, bytes(index)])
  const root = apply(pages, keys)
  expect(updateTree(pages, [...keys, ['other', null]])).toEqual({ root, pages: new Map() })
  expect(updateTree(pages, [])).toEqual({ root, pages: new Map() })
})

test('every key is proven with its value and with no other; every other key is proven absent', () => {
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 0, maxKeys: 60 }), key, value, (entries, asked, other) => {
      const pages = pageStore()
      const root = apply(pages, Object.entries(entries))
      const proof = proveKey(pages, asked)
      const actual = entries[asked]
      expect(faultOfProof(root, asked, actual, proof)).toBeUndefined()
      if (actual === undefined) expect(faultOfProof(root, asked, other, proof)).toBe('KEY_ABSENT')
      else {
        expect(faultOfProof(root, asked, undefined, proof)).toBe('KEY_PRESENT')
        if (compareBytes(actual, other) !== 0) expect(faultOfProof(root, asked, other, proof)).toBe('VALUE_MISMATCH')
      }
    }),
    { numRuns: 100 },
  )
})

const thousand = Array.from({ length: 1000 }, (_, index): Write => [`account/${index}`, bytes(index % 256)])

function tree(): { pages: Map<string, Uint8Array>; root: Uint8Array } {
  const pages = pageStore()
  return { root: apply(pages, thousand), pages }
}

test('no change of a proof passes: a bit of any hash, swapped siblings, another depth', () => {
  const { pages, root } = tree()
  for (const asked of ['account/7', 'nobody', 'account/999', 'nobody else']) {
    const held = thousand.find(([name]) => name === asked)?.[1] ?? undefined
    const proof = proveKey(pages, asked)
    const refuses = (changed: TreeProof) => expect(faultOfProof(root, asked, held, changed)).toBeDefined()
    const { siblings } = proof
    expect(faultOfProof(root, asked, held, proof)).toBeUndefined()
    for (const [at, sibling] of siblings.entries()) {
      const flipped = sibling.with(at % 32, sibling[at % 32]! ^ 1)
      refuses({ ...proof, siblings: siblings.with(at, flipped) })
      if (at > 0) refuses({ ...proof, siblings: siblings.with(at, siblings[at - 1]!).with(at - 1, sibling) })
      refuses({ ...proof, siblings: siblings.toSpliced(at, 1) })
      refuses({ ...proof, siblings: siblings.toSpliced(at, 0, EMPTY_HASH) })
      refuses({ ...proof, siblings: siblings.with(at, sibling.subarray(1)) })
    }
    refuses({ ...proof, siblings: [...siblings, EMPTY_HASH] })
    refuses({ ...proof, siblings: Array.from({ length: 257 }, () => EMPTY_HASH) })
    refuses({ ...proof, siblings: [] })
  }
})

test("another key's leaf proves absence only on the way of the absent key", () => {
  const { pages, root } = tree()
  const absent = Array.from({ length: 200 }, (_, index) => `nobody/${index}`)
  const foreign = absent.filter((name) => proveKey(pages, name).leaf !== undefined)
  expect(foreign.length).toBeGreaterThan(20)
  for (const name of foreign) expect(faultOfProof(root, name, undefined, proveKey(pages, name))).toBeUndefined()
  // The whole honest proof of a key that is there, offered for one that is not.
  const present = proveKey(pages, 'account/7')
  expect(faultOfProof(root, 'nobody/0', undefined, present)).toBe('LEAF_OFF_PATH')
  expect(faultOfProof(root, 'account/8', undefined, { ...proveKey(pages, 'account/8'), leaf: present.leaf! })).toBe(
    'LEAF_OFF_PATH',
  )
  const { siblings } = proveKey(pages, 'account/8')
  expect(faultOfProof(root, 'account/8', undefined, { siblings })).toBe('ROOT_MISMATCH')
})

test('an inner node is not taken for a leaf, nor a leaf for an inner node', () => {
  const { pages, root } = tree()
  const { siblings } = proveKey(pages, 'account/7')
  const [left, right] = bitAt(pathOf('account/7'), 0) === 0 ? [root, siblings[0]!] : [siblings[0]!, root]
  expect(faultOfProof(root, 'account/7', undefined, { siblings: [], leaf: { path: left, valueHash: right } })).toBe(
    'ROOT_MISMATCH',
  )
  expect(leafHashOf(left, right)).not.toEqual(innerHashOf(left, right))
})

test('a proof among twenty thousand keys has about half a kilobyte', () => {
  const pages = pageStore()
  const keys = Array.from({ length: 20_000 }, (_, index): Write => [`account/${index}`, bytes(1)])
  const root = apply(pages, keys)
  const lengths = Array.from({ length: 50 }, (_, index) => proveKey(pages, `account/${index * 399}`).siblings.length)
  expect(Math.max(...lengths)).toBeLessThanOrEqual(30)
  expect(lengths.reduce((sum, length) => sum + length, 0) / lengths.length).toBeLessThan(20)
  expect(rootOf(pages)).toEqual(root)
})
