import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sealedSector, sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { flip, noise } from '../../test/support.ts'
import { findDamaged } from '../post/index.ts'
import { profiles } from '../spec/profile.ts'
import { checkReplica, finalizeSector, repairTree, replaceSector, type SealInput, sealSector } from './index.ts'

const profile = profiles['8MiB-dev']
const numbers = [1, 2, 3, 4]
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let sectors: { number: number; dir: string; commR: Uint8Array; input: SealInput }[]

beforeAll(async () => {
  folder = await temporaryFolder()
  sectors = []
  for (const number of numbers) {
    const { input, sealed } = await sealedSector(folder.path, profile, [100_000], number)
    await finalizeSector(input.dir)
    sectors.push({ number, dir: input.dir, commR: sealed.commR, input })
  }
})
afterAll(() => folder.remove())

const damagedNow = async (): Promise<number[]> => {
  const challenge = { profile, provider: 1000, partition: 0, randomness: noise('challenge', 32), count: 40 }
  return (await findDamaged({ ...challenge, sectors })).map(({ number }) => number)
}
const sectorTwo = () => ({ ...sectors[1]!, sectorNumber: 2 })
const inTwo = (name: string): string => join(sectors[1]!.dir, name)
const turned = async (path: string): Promise<void> =>
  writeFile(
    path,
    (await readFile(path)).map((byte) => byte ^ 0xff),
  )

async function sealAgain(): Promise<void> {
  const dir = inTwo('again')
  await sealSector({ ...(await sealInput(folder.path, profile, [100_000], 2)), dir })
  await finalizeSector(dir)
  await replaceSector(dir, sectors[1]!.dir)
}

test('a sound list has no damaged sector, and its trees are as they were', async () => {
  expect(await damagedNow()).toEqual([])
  const before = await readFile(inTwo('tree-r'))
  await repairTree(sectorTwo())
  expect((await readFile(inTwo('tree-r'))).equals(before)).toBe(true)
})

test('a flipped treeR names its sector alone, and is made again from the replica', async () => {
  await turned(inTwo('tree-r'))
  expect(await damagedNow()).toEqual([2])
  await repairTree(sectorTwo())
  expect(await damagedNow()).toEqual([])
})

test('what a repair has left whose thread was ended is removed by the next', async () => {
  await writeFile(inTwo('tree-r.broken-off.tmp'), 'half of a tree')
  await repairTree(sectorTwo())
  expect(await readdir(sectors[1]!.dir)).not.toContain('tree-r.broken-off.tmp')
})

test('one flipped bit of the replica that no sample finds is found by the whole tree', async () => {
  const replica = new Uint8Array(await readFile(inTwo('replica')))
  await writeFile(inTwo('replica'), flip(replica, 5_000_000))
  expect(await damagedNow()).toEqual([])
  await expect(repairTree(sectorTwo())).rejects.toMatchObject({ code: 'SECTOR_DAMAGED' })
  await writeFile(inTwo('replica'), replica)
  await repairTree(sectorTwo())
})

describe('read whole in parts', () => {
  const PART_BYTES = 3_000_000
  /** What each part says, until one finds damage or the last has been read. */
  async function readInParts(): Promise<{ readonly at: number[]; readonly damaged: string | undefined }> {
    const at: number[] = []
    for (let from = 0; ; ) {
      at.push(from)
      const found = await checkReplica({ ...sectorTwo(), from, bytes: PART_BYTES })
      if ('damaged' in found) return { at, damaged: found.damaged }
      from = found.next
      if (from === profile.sectorBytes) return { at, damaged: undefined }
    }
  }

  test('a sound sector is sound, in as many parts as it is long', async () => {
    expect(await readInParts()).toEqual({ at: [0, 2_998_272, 5_996_544], damaged: undefined })
  })

  const bits = fc.record({
    name: fc.constantFrom('replica', 'tree-r'),
    share: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    bit: fc.nat(7),
  })
  test('any bit that has turned, of the replica and of its tree, is found, and nothing once it is turned back', async () => {
    await fc.assert(
      fc.asyncProperty(bits, async ({ name, share, bit }) => {
        const bytes = new Uint8Array(await readFile(inTwo(name)))
        await writeFile(inTwo(name), flip(bytes, Math.floor(share * bytes.length), 1 << bit))
        const { damaged } = await readInParts()
        await writeFile(inTwo(name), bytes)
        expect(damaged).toMatch(/damaged/)
        expect((await readInParts()).damaged).toBeUndefined()
      }),
      {
        numRuns: 5,
        examples: [
          [{ name: 'tree-r', share: 0, bit: 0 }],
          [{ name: 'tree-r', share: 1 - 2 ** -30, bit: 7 }],
          [{ name: 'replica', share: 1 - 2 ** -30, bit: 7 }],
        ],
      },
    )
  })

  test.each<[string, string, (path: string) => Promise<void>]>([
    ['a replica that is cut', 'replica', (path) => truncate(path, 8_000_000)],
    ['a tree that is cut', 'tree-r', (path) => truncate(path, 100)],
    ['no replica', 'replica', rm],
    ['no tree', 'tree-r', rm],
    ['no manifest', 'manifest.json', rm],
  ])('%s is damage, wherever it is read', async (_, name, damage) => {
    const kept = await readFile(inTwo(name))
    await damage(inTwo(name))
    const part = { ...sectorTwo(), from: 0, bytes: 4_096 }
    expect(await checkReplica(part)).toHaveProperty('damaged')
    await writeFile(inTwo(name), kept)
    expect(await checkReplica(part)).toEqual({ next: 4_096 })
  })

  test('where it goes on is no further than it may be', async () => {
    expect(await checkReplica({ ...sectorTwo(), from: 5_000, bytes: 1 })).toEqual({ next: 8_192 })
    expect(await checkReplica({ ...sectorTwo(), from: 1e12, bytes: 4_096 })).toEqual({ next: 4_096 })
  })
})

describe('each damage names its sector alone, treeR does not mend it, sealing it again does', () => {
  test.each<[string, () => Promise<void>]>([
    ['a flipped replica', () => turned(inTwo('replica'))],
    ['a replica that is cut', () => truncate(inTwo('replica'), 1_000)],
    ['no replica', () => rm(inTwo('replica'))],
    ['no manifest', () => rm(inTwo('manifest.json'))],
    ['no folder', () => rm(sectors[1]!.dir, { recursive: true })],
  ])('%s', async (_, damage) => {
    await damage()
    expect(await damagedNow()).toEqual([2])
    await expect(repairTree(sectorTwo())).rejects.toMatchObject({ code: expect.stringMatching(/DAMAGED|MANIFEST/) })
    await sealAgain()
    expect(await damagedNow()).toEqual([])
  })
})

test('a replica of another CommR is no replica of this sector', async () => {
  const other = { ...sectorTwo(), commR: sectors[0]!.commR }
  await expect(repairTree(other)).rejects.toMatchObject({ code: 'SECTOR_DIR_MISMATCH' })
})
