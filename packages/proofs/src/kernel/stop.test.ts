/** How soon work stops, counted in what is still done after the abort: a clock would tell how busy the machine is. */
import { execFileSync } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { noise } from '../../test/support.ts'
import { ensureParentsTable } from '../seal/parents-table.ts'
import type { Addon, Control } from './addon.ts'
import type { Kernel } from './kernel.ts'
import { createNativeKernel } from './native-kernel.ts'
import { createTsKernel } from './ts-kernel.ts'

const addonPath = fileURLToPath(new URL('../../native/build/granary-proofs.node', import.meta.url))
const addon = existsSync(addonPath) ? (createRequire(import.meta.url)(addonPath) as Addon) : undefined
const names = addon === undefined ? [] : addon.shani ? (['shani', 'c'] as const) : (['c'] as const)

/** Each of them is some milliseconds of one thread, also in portable C. */
const LABEL_STEP = 1024
const TABLE_CHUNK = 8192
const TREE_CHUNK = 2048
const PAYLOAD_BLOCK = 512 * 127
const threads = availableParallelism()

/** Far more than is done before the abort. */
const nodes = 2 ** 24
const labelNodes = 2 ** 20
const porepId = noise('stopped', 32)
let folder: string
let parentsPath: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-stop-'))
  // Zeros that take no space.
  for (const name of ['layer', 'replica', 'payload']) {
    await writeFile(at(name), '')
    await truncate(at(name), nodes * 32)
  }
  if (addon === undefined) return
  // Not by the kernel in use: the TypeScript one would take long.
  const kernel = createNativeKernel(addon, names[0]!)
  parentsPath = await ensureParentsTable({ kernel, porepId, nodes: labelNodes, folder })
})
afterAll(() => rm(folder, { recursive: true }))

interface Work {
  readonly what: string
  /** In what progress counts. */
  readonly doneAfterMax: number
  run(kernel: Kernel, signal: AbortSignal): Promise<unknown>
}

const works: readonly Work[] = [
  {
    what: 'labels of four sectors',
    doneAfterMax: LABEL_STEP,
    async run(kernel, signal) {
      const labeller = kernel.openLabeller(4, labelNodes)
      const lanes = Array.from({ length: 4 }, (_, i) => ({
        replicaId: noise(`replica ${i}`, 32),
        previousPath: undefined,
        outPath: at(`out-${i}`),
        checkpointPath: at(`checkpoint-${i}`),
      }))
      await labeller.labelLayer({ layer: 1, parentsPath, lanes, signal }).finally(() => labeller.close())
    },
  },
  {
    what: 'a parents table',
    doneAfterMax: threads * TABLE_CHUNK,
    run: (kernel, signal) =>
      kernel.buildParents({ porepId, nodes: 2 ** 22, path: at('table'), checkpointPath: at('checkpoint'), signal }),
  },
  {
    what: 'columns',
    doneAfterMax: threads * TREE_CHUNK,
    run: (kernel, signal) => kernel.commitColumns({ nodes, layerPaths: [at('layer')], treePath: at('tree'), signal }),
  },
  {
    what: 'CommD',
    doneAfterMax: threads * TREE_CHUNK,
    run: (kernel, signal) => kernel.commitData({ nodes, pieces: [], signal }),
  },
  {
    what: 'encoding',
    doneAfterMax: threads * TREE_CHUNK,
    run: (kernel, signal) =>
      kernel.encode({
        nodes,
        pieces: [],
        keyPath: at('layer'),
        replicaPath: at('encoded'),
        treeRPath: at('tree-r'),
        treeDPath: at('tree-d'),
        signal,
      }),
  },
  {
    what: 'decoding',
    doneAfterMax: threads * TREE_CHUNK,
    run: (kernel, signal) =>
      kernel.decode({
        nodes,
        replicaPath: at('replica'),
        keyPath: at('layer'),
        offset: 0,
        payloadSize: (nodes * 32 * 127) / 128,
        outPath: at('decoded'),
        signal,
      }),
  },
  {
    what: 'CommP',
    doneAfterMax: PAYLOAD_BLOCK,
    async run(kernel, signal) {
      await using file = await open(at('payload'))
      await kernel.commitPayload({ fd: file.fd, signal })
    },
  },
]

describe.each(names)('the kernel %s, aborted at', (name) => {
  test.each(works)('$what, finishes no more than what is under way', async ({ run, doneAfterMax }) => {
    const controls: Control[] = []
    const watched: Addon = Object.assign(Object.create(addon!) as Addon, {
      control() {
        const control = addon!.control()
        controls.push(control)
        return control
      },
    })
    const controller = new AbortController()
    const stopped = expect(run(createNativeKernel(watched, name), controller.signal)).rejects.toMatchObject({
      name: 'AbortError',
    })
    const done = () => (controls[0] === undefined ? 0 : addon!.progress(controls[0]))
    while (done() === 0) await setImmediate()
    controller.abort()
    const doneBefore = done()
    await stopped
    expect(done() - doneBefore).toBeLessThanOrEqual(doneAfterMax)
  })
})

test.each(names)('the kernel %s, aborted while a pipe gives nothing, does not wait for it', async (name) => {
  const path = at(`pipe-${name}`)
  execFileSync('mkfifo', [path])
  await using pipe = await open(path, constants.O_RDWR)
  const controller = new AbortController()
  const stopped = createNativeKernel(addon!, name).commitPayload({ fd: pipe.fd, signal: controller.signal })
  controller.abort()
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
})

test.each(['labels', 'table'])('the TypeScript kernel, aborted at %s, finishes no more than a step', async (what) => {
  const kernel = createTsKernel()
  const controller = new AbortController()
  let reports = 0
  const job = {
    signal: controller.signal,
    onProgress() {
      reports += 1
      controller.abort()
    },
    checkpointPath: at('checkpoint'),
  }
  const path = at('ts')
  const lane = { replicaId: noise('ts', 32), previousPath: undefined, outPath: path, checkpointPath: at('checkpoint') }
  if (what === 'labels') await writeZeroTable()
  const work =
    what === 'labels'
      ? kernel.openLabeller(1, nodes / 64).labelLayer({ ...job, layer: 1, parentsPath: at('zeros'), lanes: [lane] })
      : kernel.buildParents({ ...job, porepId, nodes: 2 ** 16, path })
  await expect(work).rejects.toMatchObject({ name: 'AbortError' })
  expect(reports).toBe(1)
})

/** All parents are node 0, which the TypeScript kernel does not mind. */
async function writeZeroTable(): Promise<void> {
  await writeFile(at('zeros'), '')
  await truncate(at('zeros'), (nodes / 64) * 56)
}
