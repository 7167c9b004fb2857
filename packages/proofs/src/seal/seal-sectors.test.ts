import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { hex, noise } from '../../test/support.ts'
import { readCheckpoint } from '../kernel/checkpoint.ts'
import { customProfile, type Profile, profiles } from '../spec/profile.ts'
import { finalizeSector, readSector, type SealInput, sealNeeds, sealSector, sealSectors } from './index.ts'
import { requireMemory } from './seal-needs.ts'

const profile = profiles['2KiB-test']
const large = profiles['8MiB-dev']
let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

function inputsOf(numbers: readonly number[], of: Profile = profile): Promise<SealInput[]> {
  return Promise.all(numbers.map((number) => sealInput(folder.path, of, [100 + number], number)))
}

async function sealedApart(inputs: readonly SealInput[]): Promise<string[]> {
  const apart = []
  for (const input of inputs) apart.push(hex((await sealSector({ ...input, dir: `${input.dir}-apart` })).commR))
  return apart
}

test.each([2, 3, 4])('%i sectors sealed together are the ones sealed apart', async (count) => {
  const inputs = await inputsOf(Array.from({ length: count }, (_, i) => 10 * count + i))
  const together = await sealSectors(inputs)
  expect(together.map((sealed) => hex(sealed.commR))).toEqual(await sealedApart(inputs))
  expect(await sealSectors(inputs)).toEqual(together)
})

test('one that is sealed already and one that stopped at another layer are finished with the others', async () => {
  const inputs = await inputsOf([50, 51, 52])
  await sealSector(inputs[1]!)
  const controller = new AbortController()
  const stopped = sealSector(inputs[2]!, {
    signal: controller.signal,
    onProgress: (progress) => {
      if (progress.type === 'seal:layer') controller.abort()
    },
  })
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  const seen: string[] = []
  const together = await sealSectors(inputs, {
    onProgress: (progress, position) => {
      if (progress.type === 'seal:layer') seen.push(`${position}: ${progress.layer}`)
    },
  })
  expect(seen).toEqual(['0: 1', '0: 2', '2: 2'])
  expect(together.map((sealed) => hex(sealed.commR))).toEqual(await sealedApart(inputs))
})

test('one whose pieces were changed does not keep the others from being finished', async () => {
  const inputs = await inputsOf([60, 61])
  const together = sealSectors(inputs, {
    onProgress: (progress) => {
      if (progress.type === 'seal:layer') writeFileSync(inputs[0]!.pieces[0]!.path, noise('changed', 160))
    },
  })
  await expect(together).rejects.toMatchObject({ code: 'SECTOR_DATA_CHANGED' })
  expect((await readSector(inputs[1]!.dir)).state).toBe('sealed')
})

test.each([
  ['none', () => inputsOf([])],
  ['five', () => inputsOf([70, 71, 72, 73, 74])],
  ['two in one folder', async () => (await inputsOf([75, 75])) as SealInput[]],
  ['two profiles', async () => [...(await inputsOf([76])), ...(await inputsOf([77], large))]],
])('%s are refused', async (_, inputs) => {
  await expect(sealSectors(await inputs())).rejects.toMatchObject({ code: 'SEAL_INPUT_INVALID' })
})

describe('within a layer', () => {
  /** Two sectors stopped some way into their first layer. */
  async function stopWithin(numbers: readonly number[]): Promise<SealInput[]> {
    const inputs = await inputsOf(numbers, large)
    const controller = new AbortController()
    const together = sealSectors(inputs, { signal: controller.signal })
    const timer = setInterval(async () => {
      const part = await stat(join(inputs[0]!.dir, 'layer-1.part')).catch(() => undefined)
      if (part !== undefined) controller.abort()
    }, 5)
    await expect(together).rejects.toMatchObject({ name: 'AbortError' })
    clearInterval(timer)
    return inputs
  }

  test('a stopped sealing leaves a checkpoint of what its file holds, and goes on from it', async () => {
    const inputs = await stopWithin([80, 81])
    for (const { dir } of inputs) {
      const checkpoint = await readCheckpoint(join(dir, 'layer-1.checkpoint'))
      if (checkpoint === undefined) continue
      const start = (await readFile(join(dir, 'layer-1.part'))).subarray(0, 32 * checkpoint.count)
      expect(createHash('sha256').update(start).digest('hex')).toBe(checkpoint.sha256)
    }
    const together = await sealSectors(inputs)
    expect(together.map((sealed) => hex(sealed.commR))).toEqual(await sealedApart(inputs))
  })

  test('a file that does not hold what its checkpoint says is made anew', async () => {
    const inputs = await stopWithin([82, 83])
    // The TypeScript kernel labels one sector after the other: it may not have come to the second.
    const paths = inputs.map(({ dir }) => join(dir, 'layer-1.part')).filter((path) => existsSync(path))
    expect(paths.length).toBeGreaterThan(0)
    for (const path of paths) {
      const part = await readFile(path)
      part[5]! ^= 1
      await writeFile(path, part)
    }
    const together = await sealSectors(inputs)
    expect(together.map((sealed) => hex(sealed.commR))).toEqual(await sealedApart(inputs))
  })
})

describe('a sealed sector without its replica', () => {
  test('is encoded again from its layers', async () => {
    const [input] = await inputsOf([90])
    const sealed = await sealSector(input!)
    await rm(join(input!.dir, 'replica'))
    expect(await sealSector(input!)).toEqual(sealed)
    expect((await stat(join(input!.dir, 'replica'))).size).toBe(2048)
  })

  test('is lost once its layers are dropped', async () => {
    const [input] = await inputsOf([91])
    await sealSector(input!)
    await finalizeSector(input!.dir)
    await writeFile(join(input!.dir, 'replica'), new Uint8Array(2047))
    await expect(sealSector(input!)).rejects.toMatchObject({ code: 'SECTOR_DAMAGED' })
  })
})

describe('what sealing takes', () => {
  test('grows with layers and sectors', () => {
    const one = sealNeeds(profiles['512MiB'], 1)
    expect(one.diskBytes).toBe(12 * 2 ** 29 + (3 * 2 ** 29) / 64)
    expect(one.parentsBytes).toBe(2 ** 24 * 56)
    expect(one.memoryBytes).toBe(2 ** 30 + 2 ** 26)
    expect(sealNeeds(profiles['512MiB'], 4).diskBytes).toBe(4 * one.diskBytes)
  })

  test('is refused with figures before anything is written, where the disk is too small', async () => {
    const huge = customProfile({ sectorBytes: 2 ** 37, layers: 64, challenges: 1, porepId: noise('huge', 32) })
    const [input] = await inputsOf([95], huge)
    await expect(sealSector(input!)).rejects.toMatchObject({
      code: 'DISK_TOO_SMALL',
      details: { neededBytes: sealNeeds(huge, 1).diskBytes, availableBytes: expect.any(Number) },
    })
    await expect(stat(input!.dir)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('is refused with figures where the memory is too small', () => {
    expect(() => requireMemory(profiles['64GiB'], 64)).toThrow(expect.objectContaining({ code: 'MEMORY_TOO_SMALL' }))
  })
})
