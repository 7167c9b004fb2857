/**
 * Two who seal the same sector at once, as when a machine that was taken for dead goes on: of the layers both write the same
 * bytes to the same places, the rest has names of its own until it is whole; so whatever their order the folder ends whole.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { expect, test } from '@jest/globals'
import { sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { hex, noise } from '../../test/support.ts'
import { digestFile } from '../io/digest-file.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { customProfile } from '../spec/profile.ts'
import { readManifest } from './manifest.ts'
import type { SealProgress } from './seal-input.ts'
import { sealSector } from './seal-sector.ts'
import { sealTrees } from './seal-trees.ts'
import { placeSectorPieces } from './sector-data.ts'

const ROUNDS = 2
/** What the first has come to when the other begins. */
const steps = ['seal:labels', 'seal:layer', 'seal:trees', 'seal:encode'] as const
/** Small, so that there are many rounds; its files are still written in several parts. */
const profile = customProfile({ sectorBytes: 2 ** 20, layers: 2, challenges: 1, porepId: noise('twice', 32) })

test.each(steps)('two that seal the same sector at once harm nothing: one begins at %s of the other', async (step) => {
  const folder = await temporaryFolder()
  const input = await sealInput(folder.path, profile, [100_000])
  const untouched = await sealSector(input)
  for (let round = 0; round < ROUNDS; round += 1) {
    const dir = join(folder.path, `twice-${round}`)
    const begun = Promise.withResolvers<void>()
    const onProgress = ({ type }: SealProgress) => {
      if (type === step) begun.resolve()
    }
    const later = begun.promise.then(() => sealSector({ ...input, dir }))
    for (const outcome of await Promise.allSettled([sealSector({ ...input, dir }, { onProgress }), later])) {
      if (outcome.status === 'fulfilled') expect(outcome.value).toEqual(untouched)
      // It is tried again then, and goes on from what is there.
      else expect(GranaryError.is(outcome.reason) ? outcome.reason.retryable : true).toBe(true)
    }
    expect(hex((await sealSector({ ...input, dir })).commR)).toBe(hex(untouched.commR))
    for (const name of ['replica', 'tree-r', 'tree-d', 'tree-c', 'layer-1', 'layer-2'])
      expect(await digestFile(join(dir, name))).toBe(await digestFile(join(input.dir, name)))
    expect(JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8'))).toMatchObject({ state: 'sealed' })
  }
  await folder.remove()
})

test('of two that make the trees and the replica at once, neither reads what the other is writing', async () => {
  const folder = await temporaryFolder()
  const input = await sealInput(folder.path, profile, [100_000])
  const untouched = await sealSector(input)
  const { commC: _, ...manifest } = (await readManifest(input.dir))!
  const pieces = await placeSectorPieces(input.pieces, profile.sectorBytes)
  const { kernel } = openKernel()
  const written: string[] = []
  const watched: Kernel = {
    ...kernel,
    commitColumns: (job) => {
      written.push(job.treePath)
      return kernel.commitColumns(job)
    },
    encode: (job) => {
      written.push(job.replicaPath, job.treeRPath, job.treeDPath)
      return kernel.encode(job)
    },
  }
  const seal = () => sealTrees(watched, { input, position: 0, pieces, manifest }, {})
  expect(await Promise.all([seal(), seal()])).toEqual([untouched, untouched])
  expect(new Set(written).size).toBe(8)
  await folder.remove()
})
