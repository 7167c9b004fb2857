import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sealedSector, sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { flip, noise } from '../../test/support.ts'
import { findDamaged } from '../post/index.ts'
import { profiles } from '../spec/profile.ts'
import { finalizeSector, repairTree, replaceSector, type SealInput, sealSector } from './index.ts'

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
