import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { hex, noise } from '../../test/support.ts'
import { customProfile } from '../spec/profile.ts'
import { finalizeSector, parentsTable, readSector, sealSector, unsealSector } from './index.ts'

const folder = await temporaryFolder()
afterAll(() => folder.remove())

const profile = customProfile({ sectorBytes: 4096, layers: 3, challenges: 4, porepId: noise('porep id', 32) })
const proverId = new Uint8Array(32).fill(0xff)
const input = { ...(await sealInput(folder.path, profile, [])), proverId }
const payload = noise('a whole sector', 4064)

test('a sector of free parameters and any prover id: sealed, described, and unsealed whole', async () => {
  const path = join(folder.path, 'payload')
  await writeFile(path, payload)
  const pieces = [{ path, payloadSize: 4064, paddedSize: 4096 }]
  const sealed = await sealSector({ ...input, pieces })
  const sha256 = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(input.dir, name)))
      .digest('hex')
  expect(sealed.layerSha256).toEqual([await sha256('layer-1'), await sha256('layer-2'), await sha256('layer-3')])
  expect(sealed.replicaSha256).toBe(await sha256('replica'))
  expect(await readSector(input.dir)).toMatchObject({ profile, proverId, sectorNumber: 7, state: 'sealed' })
  await expect(sealSector({ ...input, pieces, proverId: undefined })).rejects.toMatchObject({
    code: 'SECTOR_DIR_MISMATCH',
  })

  const out = join(folder.path, 'unsealed')
  const unseal = { dir: input.dir, parentsDir: input.parentsDir, out }
  await finalizeSector(input.dir)
  await unsealSector(unseal)
  expect(hex(await readFile(out))).toBe(hex(payload))
  await expect(unsealSector(unseal, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
})

test('the table of parents by itself', async () => {
  const { path, sha256 } = await parentsTable({ ...profile, dir: input.parentsDir })
  const table = await readFile(path)
  expect(table).toHaveLength(128 * 14 * 4)
  expect(sha256).toBe(createHash('sha256').update(table).digest('hex'))
})
