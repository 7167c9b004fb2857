import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { fromHex, hex, noise, vectors } from '../../test/support.ts'
import { activeKernel } from '../engine.ts'
import { ensureParentsTable } from '../graph/parents-table.ts'
import { createLabel } from '../seal/create-label.ts'
import type { Kernel } from './kernel.ts'
import { openKernel } from './open-kernel.ts'
import { createTsKernel } from './ts-kernel.ts'

const kernel = openKernel().kernel
const twin = createTsKernel()
const kernels: [string, Kernel][] = [
  ['the built kernel', kernel],
  ['the TypeScript twin', twin],
]
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-kernel-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

test('the kernel in use and the reason for it can be asked for', () => {
  const active = activeKernel()
  expect(active.name).toBe(kernel.name)
  expect(active.reason).not.toBe('')
})

test('the environment chooses the kernel, and an unknown one is refused', () => {
  process.env.GRANARY_KERNEL = 'ts'
  expect(activeKernel()).toEqual({ name: 'ts', reason: 'GRANARY_KERNEL asks for it' })
  process.env.GRANARY_KERNEL = 'gpu'
  expect(() => activeKernel()).toThrow(expect.objectContaining({ code: 'KERNEL_UNAVAILABLE' }))
  delete process.env.GRANARY_KERNEL
})

describe('the built kernel and the TypeScript twin give the same bytes', () => {
  test.each([1, 2, 7, 64])('hashing %i pairs', (pairs) => {
    const nodes = noise(`pairs ${pairs}`, 64 * pairs)
    for (const name of ['hashPairs', 'hashPairs254'] as const) {
      const [a, b] = [new Uint8Array(32 * pairs), new Uint8Array(32 * pairs)]
      kernel[name](nodes, a)
      twin[name](nodes, b)
      expect(hex(a)).toBe(hex(b))
      const inPlace = nodes.slice()
      kernel[name](inPlace, inPlace.subarray(0, 32 * pairs))
      expect(hex(inPlace.subarray(0, 32 * pairs))).toBe(hex(b))
    }
  })

  test.each([1, 2, 3, 10, 11])('hashing columns of %i layers', (count) => {
    const layers = Array.from({ length: count }, (_, l) => noise(`layer ${l}`, 32 * 9))
    const [a, b] = [new Uint8Array(32 * 9), new Uint8Array(32 * 9)]
    kernel.hashColumns(layers, a)
    twin.hashColumns(layers, b)
    expect(hex(a)).toBe(hex(b))
  })

  test('adding and subtracting nodes', () => {
    const reduced = (seed: string) => noise(seed, 32 * 500).map((byte, i) => (i % 32 === 31 ? byte % 0x73 : byte))
    const [a, b] = [reduced('a'), reduced('b')]
    a.set(fromHex('00000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7ed73'))
    b.set(fromHex(`01${'00'.repeat(31)}`))
    for (const name of ['addNodes', 'subtractNodes'] as const) {
      const [c, d] = [new Uint8Array(a.length), new Uint8Array(a.length)]
      kernel[name](a, b, c)
      twin[name](a, b, d)
      expect(hex(c)).toBe(hex(d))
    }
  })

  test.each([2, 4, 64, 2 ** 10, 2 ** 17, 2 ** 20])('parents in a graph of %i nodes', (nodes) => {
    const porepId = noise(`porep ${nodes}`, 32)
    const count = Math.min(nodes, 200)
    for (const first of [0, Math.floor((nodes - count) / 3), nodes - count]) {
      const [a, b] = [new Uint8Array(56 * count), new Uint8Array(56 * count)]
      kernel.parentsWriter(porepId, nodes)(first, a)
      twin.parentsWriter(porepId, nodes)(first, b)
      expect(hex(a)).toBe(hex(b))
    }
  })

  test.each([2, 64, 8192])('labels of %i nodes', async (nodes) => {
    const replicaId = noise(`replica ${nodes}`, 32)
    const parentsPath = await ensureParentsTable({ kernel, porepId: noise(`p ${nodes}`, 32), nodes, folder })
    for (const layer of [1, 2, 3]) {
      const previousPath = layer === 1 ? undefined : join(folder, `labels-${nodes}-c-${layer - 1}`)
      const job = { replicaId, layer, nodes, parentsPath, previousPath }
      await kernel.labelLayer({ ...job, outPath: join(folder, `labels-${nodes}-c-${layer}`) })
      await twin.labelLayer({ ...job, outPath: join(folder, `labels-${nodes}-ts-${layer}`) })
      const read = (name: string) => readFile(join(folder, `labels-${nodes}-${name}-${layer}`))
      expect((await read('c')).equals(await read('ts'))).toBe(true)
    }
  })
})

describe.each(kernels)('%s', (name, tested) => {
  const { items } = vectors<{ items: LabelVector[] }>('labels')

  test.each(items)('gives the published labels of layers 1, 2 and 11', async (item) => {
    const nodes = item.sector_size / 32
    const porepId = fromHex(item.porep_id)
    const parentsPath = await ensureParentsTable({ kernel: tested, porepId, nodes, folder: join(folder, name) })
    const pathOf = (layer: number) => join(folder, `${name}-${layer}`)
    for (let layer = 1; layer <= item.layers; layer += 1)
      await tested.labelLayer({
        replicaId: fromHex(item.replica_id),
        layer,
        nodes,
        parentsPath,
        previousPath: layer === 1 ? undefined : pathOf(layer - 1),
        outPath: pathOf(layer),
      })
    const label = async (layer: number, node: number) =>
      hex((await readFile(pathOf(layer))).subarray(32 * node, 32 * node + 32))
    expect(await label(1, 0)).toBe(item.derived_layer1_node0)
    expect(await label(1, 1)).toBe(item.derived_layer1_node1)
    expect(await label(1, nodes - 1)).toBe(item.derived_layer1_last)
    expect(await label(2, 0)).toBe(item.derived_layer2_node0)
    expect(await label(2, 1)).toBe(item.derived_layer2_node1)
    expect(await label(11, nodes - 1)).toBe(item.last_node_label_of_layer_11)
    const parents = Array.from({ length: 6 }, () => fromHex(item.derived_layer1_node0))
    expect(hex(createLabel(fromHex(item.replica_id), 1, 1, parents))).toBe(item.derived_layer1_node1)
  })

  test('stops soon when aborted, with the reason of the signal', async () => {
    const nodes = 2 ** 18
    const parentsPath = await ensureParentsTable({ kernel, porepId: noise('abort', 32), nodes, folder })
    const controller = new AbortController()
    const outPath = join(folder, `${name}-aborted`)
    const labels = tested.labelLayer({
      replicaId: noise('r', 32),
      layer: 1,
      nodes,
      parentsPath,
      previousPath: undefined,
      outPath,
      signal: controller.signal,
    })
    setTimeout(() => controller.abort(), 20)
    await expect(labels).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('a parents table that is missing or cut is an error, not a crash', async () => {
    const job = { replicaId: noise('r', 32), layer: 1, nodes: 64, previousPath: undefined }
    const outPath = join(folder, `${name}-failed`)
    await expect(tested.labelLayer({ ...job, parentsPath: join(folder, 'nowhere'), outPath })).rejects.toThrow()
    await writeFile(join(folder, 'cut'), new Uint8Array(100))
    await expect(tested.labelLayer({ ...job, parentsPath: join(folder, 'cut'), outPath })).rejects.toThrow()
  })
})

test('a damaged parents table is built again', async () => {
  const table = { kernel, porepId: noise('damage', 32), nodes: 64, folder: join(folder, 'damage') }
  const path = await ensureParentsTable(table)
  const sound = await readFile(path)
  const damaged = Buffer.from(sound)
  damaged[77]! ^= 1
  await writeFile(path, damaged)
  expect(await ensureParentsTable(table)).toBe(path)
  expect((await readFile(path)).equals(sound)).toBe(true)
})

test('a parents table reports its progress only while it is built', async () => {
  const table = { kernel, porepId: noise('progress', 32), nodes: 2 ** 15, folder: join(folder, 'progress') }
  const seen: number[] = []
  const onProgress = (done: number, total: number) => seen.push(done / total)
  await ensureParentsTable(table, { onProgress })
  await ensureParentsTable(table, { onProgress })
  expect(seen).toEqual([0.5, 1])
})

interface LabelVector {
  sector_size: number
  layers: number
  porep_id: string
  replica_id: string
  last_node_label_of_layer_11: string
  derived_layer1_node0: string
  derived_layer1_node1: string
  derived_layer1_last: string
  derived_layer2_node0: string
  derived_layer2_node1: string
}
