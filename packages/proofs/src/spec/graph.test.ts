import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { fromHex, hex, vectors } from '../../test/support.ts'
import { drgSeedOf } from './base-parents.ts'
import { feistelKeysOf } from './expander-parents.ts'
import { createGraph, PARENTS, parentsOf, writeParents } from './graph.ts'

interface Sample {
  registered_id: number
  nodes: number
  node: number
  base: number[]
  exp: number[]
  drg_seed28?: string
  feistel_keys?: string[]
}
const parents = vectors<{ digests: { porepId: string; nodes: number; sha256: string }[]; samples: Sample[] }>('parents')

function porepId(id: number): Uint8Array {
  return fromHex(id.toString(16).padStart(2, '0').padEnd(64, '0'))
}

test.each(parents.samples)('the parents of node $node of $nodes are the published ones', (sample) => {
  const graph = createGraph(porepId(sample.registered_id), sample.nodes)
  expect([...parentsOf(graph, sample.node)]).toEqual([...sample.base, ...sample.exp])
})

test.each(parents.samples.filter((s) => s.drg_seed28))(
  'the keys of the graph of $nodes nodes are the published ones',
  (sample) => {
    expect(hex(drgSeedOf(porepId(sample.registered_id)))).toBe(sample.drg_seed28)
    const keys = feistelKeysOf(porepId(sample.registered_id)).map((key) => `0x${hex(key)}`)
    expect(keys).toEqual(sample.feistel_keys!.slice(0, 3))
  },
)

test.each(parents.digests)('the whole table of $nodes nodes has the published digest', (item) => {
  const graph = createGraph(fromHex(item.porepId), item.nodes)
  const table = new Uint32Array(item.nodes * PARENTS)
  for (let node = 0; node < item.nodes; node += 1) writeParents(graph, node, table, node * PARENTS)
  expect(createHash('sha256').update(table).digest('hex')).toBe(item.sha256)
})

test('the last nodes of the largest sector have parents within it', () => {
  const nodes = 2 ** 31
  const graph = createGraph(porepId(9), nodes)
  for (const node of [2 ** 31 - 1, 2 ** 30 + 1]) {
    const [predecessor, ...others] = parentsOf(graph, node)
    expect(predecessor).toBe(node - 1)
    for (const parent of others.slice(0, 5)) expect(parent).toBeLessThan(node)
    for (const parent of others.slice(5)) expect(parent).toBeLessThan(nodes)
    expect(Math.max(...others)).toBeGreaterThan(2 ** 30)
  }
})

test('the expander of a whole graph is a permutation of its slots', () => {
  const nodes = 1024
  const graph = createGraph(porepId(6), nodes)
  const seen = new Uint32Array(nodes)
  for (let node = 0; node < nodes; node += 1)
    for (const parent of parentsOf(graph, node).subarray(6)) seen[parent]! += 1
  expect(seen.every((count) => count === 8)).toBe(true)
})
