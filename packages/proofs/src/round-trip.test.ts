import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sealedSector, temporaryFolder } from '../test/sealed-sector.ts'
import { noise } from '../test/support.ts'
import { provePoRep } from './porep/index.ts'
import { provePost } from './post/index.ts'
import { finalizeSector, unsealPiece } from './seal/index.ts'
import { profiles } from './spec/profile.ts'
import { verifyPoRep, verifyPost } from './verify/index.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

test('an 8 MiB sector is sealed, proven, finalized, proven again and unsealed', async () => {
  const profile = profiles['8MiB-dev']
  const { input, sealed } = await sealedSector(folder.path, profile, [4_000_000, 100])
  const { dir, parentsDir, provider, sectorNumber, ticket } = input
  const seed = noise('seed', 32)
  const porep = await provePoRep({ dir, seed, parentsDir })
  const statement = { profile, provider, sectorNumber, ticket, seed, commD: sealed.commD }
  expect(verifyPoRep({ ...statement, commR: sealed.commR, bundle: porep })).toEqual({ ok: true })

  await finalizeSector(dir)
  const challenge = { profile, provider, partition: 0, randomness: noise('randomness', 32), count: 80 }
  const post = await provePost({ ...challenge, sectors: [{ number: sectorNumber, dir }] })
  const sectors = [{ number: sectorNumber, commR: sealed.commR }]
  expect(verifyPost({ ...challenge, sectors, bundle: post })).toEqual({ ok: true })

  const out = join(folder.path, 'out')
  await unsealPiece({ dir, parentsDir, offset: 0, payloadSize: 4_000_000, out })
  const digest = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  expect(await digest(out)).toBe(await digest(input.pieces[0]!.path))
})
