import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { longLayers } from '../../test/long-layers.ts'
import { sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { activeKernel } from '../engine.ts'
import { readCheckpoint } from '../kernel/checkpoint.ts'
import { parentsTable, sealSector } from './index.ts'
import { sectorFiles } from './sector-files.ts'

const program = fileURLToPath(new URL('../../test/sealing-process.ts', import.meta.url))
const KILLS = 10
/** Layers take about as long on an idle machine; a checkpoint is made every two seconds. */
const ALIVE_MS_MAX = 3_000
const TIMEOUT_MS = 10 * 60_000
const native = activeKernel().name === 'ts' ? test.skip : test

interface Begin {
  readonly layer: number
  readonly done: number
}

native(
  'ten kills at any moment: it goes on from its checkpoints, and ends with the same bytes',
  async () => {
    const folder = await temporaryFolder()
    const input = await sealInput(folder.path, longLayers, [1_000_000])
    await parentsTable({ ...longLayers, dir: input.parentsDir })
    const begun: Begin[] = []
    for (let kills = 0; kills < KILLS; kills += 1) {
      const files = sectorFiles(input.dir)
      const paths = Array.from({ length: longLayers.layers }, (_, i) => files.layerCheckpoint(i + 1))
      const checkpoints = await Promise.all(paths.map(readCheckpoint))
      const begin = await sealUntilKilled(folder.path, Math.random() * ALIVE_MS_MAX)
      expect(begin.done).toBe(checkpoints[begin.layer - 1]?.count ?? 0)
      begun.push(begin)
    }
    // They got on: a later layer, or further into the same one.
    for (const [i, { layer, done }] of begun.entries()) {
      const before = begun[i - 1] ?? { layer: 1, done: 0 }
      expect(layer > before.layer || (layer === before.layer && done >= before.done)).toBe(true)
    }
    expect(begun.filter(({ done }) => done > 0).length).toBeGreaterThan(0)

    const sealed = await sealSector(input)
    const untouched = await sealSector({ ...input, dir: join(folder.path, 'untouched') })
    expect(sealed).toEqual(untouched)
    await folder.remove()
  },
  TIMEOUT_MS,
)

async function sealUntilKilled(folder: string, aliveMs: number): Promise<Begin> {
  const child = spawn(process.execPath, ['--conditions=@granary/source', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const begin = await firstBegin(child)
  await setTimeout(aliveMs)
  child.kill('SIGKILL')
  expect((await exited)[1]).toBe('SIGKILL')
  return begin
}

async function firstBegin(child: ChildProcess): Promise<Begin> {
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  const [layer, done] = line.toString().split('\n')[0]!.split(' ').map(Number)
  return { layer: layer!, done: done! }
}
