import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { fromHex, hex, noise, vectors } from '../../test/support.ts'
import { useKernel } from '../../test/with-kernel.ts'
import { activeKernel } from '../engine.ts'
import { digestFile } from '../io/digest-file.ts'
import { createPieceHasher, type PieceCommitment } from '../piece/index.ts'
import { ensureParentsTable } from '../seal/parents-table.ts'
import { createLabel } from '../spec/create-label.ts'
import { padFr32 } from '../spec/fr32.ts'
import { readCheckpoint } from './checkpoint.ts'
import type { Checkpoint, Kernel } from './kernel.ts'
import { openKernel } from './open-kernel.ts'
import { createTsKernel } from './ts-kernel.ts'

const twin = createTsKernel()
/** All that this machine can run: without a compiler the twin alone. */
const kernels = (['shani', 'c', 'ts'] as const).flatMap((name): [string, Kernel][] => {
  using _ = useKernel(name)
  try {
    return [[name, openKernel().kernel]]
  } catch {
    return []
  }
})
const kernel = openKernel().kernel
const natives = kernels.filter(([name]) => name !== 'ts')
let folder: string

interface LayerJob {
  readonly replicaIds: readonly Uint8Array[]
  readonly layer: number
  readonly nodes: number
  readonly parentsPath: string
  readonly start?: Checkpoint | undefined
  readonly signal?: AbortSignal
  readonly previous?: string
  readonly out: string
}

const payloadSizes = [0, 1, 126, 127, 128, 508, 509, 65_024, 65_025, 4_161_536, 4_161_537, 8_400_000]
const longest = noise('commp', Math.max(...payloadSizes))
const commitments = new Map(payloadSizes.map((size) => [size, commitmentOf(longest.subarray(0, size))]))

function commitmentOf(payload: Uint8Array): PieceCommitment {
  // Pairs by the C kernel, which is checked against the twin below: the twin would take seconds.
  const hasher = createPieceHasher(kernel.hashPairs254)
  hasher.write(payload)
  return hasher.digest()
}

/** A layer of one or more sectors, into files named with the lane. */
async function labelLayer(tested: Kernel, job: LayerJob): Promise<string[]> {
  const labeller = tested.openLabeller(job.replicaIds.length, job.nodes)
  const lanes = job.replicaIds.map((replicaId, lane) => ({
    replicaId,
    previousPath: job.previous && join(folder, `${job.previous}.${lane}`),
    outPath: join(folder, `${job.out}.${lane}`),
    checkpointPath: join(folder, `${job.out}.${lane}.checkpoint`),
    start: job.start,
  }))
  try {
    return await labeller.labelLayer({ ...job, lanes })
  } finally {
    labeller.close()
  }
}

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
  for (const [name] of kernels) {
    using _ = useKernel(name)
    expect(activeKernel()).toEqual({ name, reason: 'GRANARY_KERNEL asks for it' })
  }
  using _ = useKernel('gpu')
  expect(() => activeKernel()).toThrow(expect.objectContaining({ code: 'KERNEL_UNAVAILABLE' }))
})

describe.each(natives)('the kernel %s and the TypeScript twin give the same bytes', (name, native) => {
  test.each([1, 2, 3, 4, 5, 7, 64])('hashing %i pairs', (pairs) => {
    const nodes = noise(`pairs ${pairs}`, 64 * pairs)
    for (const hash of ['hashPairs', 'hashPairs254'] as const) {
      const [a, b] = [new Uint8Array(32 * pairs), new Uint8Array(32 * pairs)]
      native[hash](nodes, a)
      twin[hash](nodes, b)
      expect(hex(a)).toBe(hex(b))
      const inPlace = nodes.slice()
      native[hash](inPlace, inPlace.subarray(0, 32 * pairs))
      expect(hex(inPlace.subarray(0, 32 * pairs))).toBe(hex(b))
    }
  })

  test.each([1, 2, 3, 10, 11, 64])('hashing columns of %i layers', (count) => {
    const layers = Array.from({ length: count }, (_, l) => noise(`layer ${l}`, 32 * 9))
    const [a, b] = [new Uint8Array(32 * 9), new Uint8Array(32 * 9)]
    native.hashColumns(layers, a)
    twin.hashColumns(layers, b)
    expect(hex(a)).toBe(hex(b))
  })

  test('adding and subtracting nodes', () => {
    const reduced = (seed: string) => noise(seed, 32 * 500).map((byte, i) => (i % 32 === 31 ? byte % 0x73 : byte))
    const [a, b] = [reduced('a'), reduced('b')]
    a.set(fromHex('00000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7ed73'))
    b.set(fromHex(`01${'00'.repeat(31)}`))
    for (const combine of ['addNodes', 'subtractNodes'] as const) {
      const [c, d] = [new Uint8Array(a.length), new Uint8Array(a.length)]
      native[combine](a, b, c)
      twin[combine](a, b, d)
      expect(hex(c)).toBe(hex(d))
    }
  })

  test.each([2, 4, 64, 2 ** 10, 2 ** 13, 2 ** 17])('parents in a graph of %i nodes', (nodes) => {
    const porepId = noise(`porep ${nodes}`, 32)
    const count = Math.min(nodes, 200)
    for (const first of [0, Math.floor((nodes - count) / 3), nodes - count]) {
      const [a, b] = [new Uint8Array(56 * count), new Uint8Array(56 * count)]
      native.parentsWriter(porepId, nodes)(first, a)
      twin.parentsWriter(porepId, nodes)(first, b)
      expect(hex(a)).toBe(hex(b))
    }
  })

  test.each([
    [1, 2],
    [1, 64],
    [1, 8192],
    [2, 64],
    [2, 1024],
    [3, 1024],
    [4, 4],
    [4, 1024],
  ])('labels of %i sectors of %i nodes', async (sectors, nodes) => {
    const replicaIds = Array.from({ length: sectors }, (_, i) => noise(`replica ${nodes} ${i}`, 32))
    const parentsPath = await ensureParentsTable({ kernel, porepId: noise(`p ${nodes}`, 32), nodes, folder })
    for (const layer of [1, 2, 3]) {
      const fileOf = (kind: string, of: number) => `labels-${nodes}-${sectors}-${name}-${kind}-${of}`
      const job = (kind: string) => ({
        replicaIds,
        layer,
        nodes,
        parentsPath,
        ...(layer > 1 && { previous: fileOf(kind, layer - 1) }),
        out: fileOf(kind, layer),
      })
      const digests = await labelLayer(native, job('native'))
      expect(await labelLayer(twin, job('ts'))).toEqual(digests)
      for (const [lane, digest] of digests.entries())
        expect(await digestFile(join(folder, `${fileOf('native', layer)}.${lane}`))).toBe(digest)
    }
  })
})

describe.each(kernels)('the kernel %s', (name, tested) => {
  const { items } = vectors<{ items: LabelVector[] }>('labels')

  test.each(items)('gives the published labels of layers 1, 2 and 11', async (item) => {
    const nodes = item.sector_size / 32
    const porepId = fromHex(item.porep_id)
    const parentsPath = await ensureParentsTable({ kernel: tested, porepId, nodes, folder: join(folder, name) })
    const replicaIds = [fromHex(item.replica_id)]
    for (let layer = 1; layer <= item.layers; layer += 1) {
      const previous = layer === 1 ? {} : { previous: `${name}-${layer - 1}` }
      await labelLayer(tested, { replicaIds, layer, nodes, parentsPath, ...previous, out: `${name}-${layer}` })
    }
    const label = async (layer: number, node: number) =>
      hex((await readFile(join(folder, `${name}-${layer}.0`))).subarray(32 * node, 32 * node + 32))
    expect(await label(1, 0)).toBe(item.derived_layer1_node0)
    expect(await label(1, 1)).toBe(item.derived_layer1_node1)
    expect(await label(1, nodes - 1)).toBe(item.derived_layer1_last)
    expect(await label(2, 0)).toBe(item.derived_layer2_node0)
    expect(await label(2, 1)).toBe(item.derived_layer2_node1)
    expect(await label(11, nodes - 1)).toBe(item.last_node_label_of_layer_11)
    const parents = Array.from({ length: 6 }, () => fromHex(item.derived_layer1_node0))
    expect(hex(createLabel(fromHex(item.replica_id), 1, 1, parents))).toBe(item.derived_layer1_node1)
  })

  test('builds one table for several at once', async () => {
    const cache = join(folder, `at once ${name}`)
    for (let round = 0; round < 50; round += 1) {
      const input = { kernel: tested, porepId: noise(`at once ${name} ${round}`, 32), nodes: 64, folder: cache }
      const paths = await Promise.all(Array.from({ length: 4 }, () => ensureParentsTable(input)))
      expect(new Set(paths).size).toBe(1)
    }
    expect((await readdir(cache)).filter((left) => /\.(tmp|part|checkpoint)$/.test(left))).toEqual([])
  })

  test('keeps the layer before in memory and gives the same labels', async () => {
    const nodes = 2 ** 10
    const parentsPath = await ensureParentsTable({ kernel, porepId: noise('held', 32), nodes, folder })
    const replicaIds = [noise('a', 32), noise('b', 32)]
    const labeller = tested.openLabeller(2, nodes)
    const fileOf = (kind: string, layer: number) => `held-${name}-${kind}-${layer}`
    for (const layer of [1, 2, 3]) {
      const previous = layer === 1 ? {} : { previous: fileOf('apart', layer - 1) }
      const apart = await labelLayer(tested, {
        replicaIds,
        layer,
        nodes,
        parentsPath,
        ...previous,
        out: fileOf('apart', layer),
      })
      const lanes = replicaIds.map((replicaId, lane) => ({
        replicaId,
        previousPath: layer === 1 ? undefined : join(folder, `${fileOf('held', layer - 1)}.${lane}`),
        outPath: join(folder, `${fileOf('held', layer)}.${lane}`),
        checkpointPath: join(folder, `held-${name}.checkpoint.${lane}`),
      }))
      expect(await labeller.labelLayer({ layer, parentsPath, lanes })).toEqual(apart)
    }
    labeller.close()
  })

  test('an aborted layer goes on from what was written of it to the same layer', async () => {
    const nodes = name === 'shani' ? 2 ** 19 : name === 'c' ? 2 ** 17 : 2 ** 15
    const parentsPath = await ensureParentsTable({ kernel: tested, porepId: noise('abort', 32), nodes, folder })
    const job = { replicaIds: [noise('r', 32)], layer: 1, nodes, parentsPath }
    const out = `${name}-aborted`
    const controller = new AbortController()
    const labels = labelLayer(tested, { ...job, out, signal: controller.signal })
    const aborted = expect(labels).rejects.toMatchObject({ name: 'AbortError' })
    while (!(await hasLabels(join(folder, `${out}.0`)))) await setImmediate()
    controller.abort()
    await aborted
    const start = await readCheckpoint(join(folder, `${out}.0.checkpoint`))
    expect(start!.count).toBeGreaterThan(0)
    expect(start!.count).toBeLessThan(nodes)
    const whole = await labelLayer(tested, { ...job, out: `${name}-whole` })
    expect(await labelLayer(tested, { ...job, out, start })).toEqual(whole)
  })

  test('goes on from a checkpoint, and refuses one that the files do not hold', async () => {
    const nodes = 2 ** 10
    const parentsPath = await ensureParentsTable({ kernel, porepId: noise('go on', 32), nodes, folder })
    const job = { replicaIds: [noise('r', 32)], layer: 1, nodes, parentsPath, out: `${name}-gone-on` }
    const whole = await labelLayer(tested, job)
    const path = join(folder, `${job.out}.0`)
    const labels = await readFile(path)
    const sha256 = createHash('sha256')
      .update(labels.subarray(0, 32 * 77))
      .digest('hex')
    await writeFile(path, labels.fill(0, 32 * 77))
    expect(await labelLayer(tested, { ...job, start: { count: 77, sha256 } })).toEqual(whole)
    const damaged = labelLayer(tested, { ...job, start: { count: 78, sha256 } })
    await expect(damaged).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' })
    await truncate(path, 32 * 50)
    const cut = labelLayer(tested, { ...job, start: { count: 77, sha256 } })
    await expect(cut).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' })
  })

  test('a parents table that is missing or cut is an error, not a crash', async () => {
    const job = { replicaIds: [noise('r', 32)], layer: 1, nodes: 64, out: `${name}-failed` }
    await expect(labelLayer(tested, { ...job, parentsPath: join(folder, 'nowhere') })).rejects.toThrow()
    await writeFile(join(folder, 'cut'), new Uint8Array(100))
    await expect(labelLayer(tested, { ...job, parentsPath: join(folder, 'cut') })).rejects.toThrow()
  })

  test('a build of a parents table that was stopped goes on', async () => {
    const [porepId, nodes] = [noise('stopped table', 32), 2 ** 15]
    const [path, checkpointPath] = [join(folder, `${name}.part`), join(folder, `${name}.part.checkpoint`)]
    const whole = await tested.buildParents({ porepId, nodes, path, checkpointPath })
    expect(await digestFile(path)).toBe(whole)
    const table = await readFile(path)
    const sha256 = createHash('sha256')
      .update(table.subarray(0, 56 * 99))
      .digest('hex')
    await writeFile(path, table.fill(0, 56 * 99))
    const job = { porepId, nodes, path, checkpointPath }
    expect(await tested.buildParents({ ...job, start: { count: 99, sha256 } })).toBe(whole)
    const damaged = tested.buildParents({ ...job, start: { count: 100, sha256 } })
    await expect(damaged).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' })
  })

  test('payload is padded as the twin pads it', () => {
    for (const units of [0, 1, 2, 3, 511, 512]) {
      const payload = noise('pad', units * 127)
      expect(hex(tested.padFr32(payload))).toBe(hex(padFr32(payload)))
    }
  })

  test.each(payloadSizes)('CommP of a file of %i bytes is that of the stream', async (size) => {
    if (name === 'ts' && size > 100_000) return
    const path = join(folder, `payload-${name}`)
    await writeFile(path, longest.subarray(0, size))
    for (const threads of [1, 3]) {
      const file = await open(path)
      expect(await tested.commitPayload({ fd: file.fd, threads })).toEqual(commitments.get(size))
      await file.close()
    }
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
  expect(seen.every((share, i) => share <= 1 && share >= (seen[i - 1] ?? 0))).toBe(true)
})

/** The first batch of a layer is there. */
async function hasLabels(path: string): Promise<boolean> {
  return existsSync(path) && (await readFirst(path)).some((byte) => byte !== 0)
}

async function readFirst(path: string): Promise<Uint8Array> {
  await using file = await open(path)
  const { buffer } = await file.read(new Uint8Array(32), 0, 32, 0)
  return buffer
}

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
