import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sealedSector, temporaryFolder } from '../test/sealed-sector.ts'
import { flip, hex, noise } from '../test/support.ts'
import { paddedSizeOf } from './piece/index.ts'
import { provePoRep } from './porep/index.ts'
import { provePost } from './post/index.ts'
import { finalizeSector, unsealPiece } from './seal/index.ts'
import { customProfile, type Profile, profiles } from './spec/profile.ts'
import { type PoRepInput, type PostInput, placePieces, verifyPoRep, verifyPost } from './verify/index.ts'

const seeded = (numRuns: number) => ({ seed: 20_240_612, numRuns })
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let sectors = 0
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

/** Small ones, of two graphs, of one to four layers. */
const anyProfile = fc
  .record({ layers: fc.integer({ min: 1, max: 4 }), challenges: fc.integer({ min: 1, max: 5 }), graph: fc.nat(1) })
  .map(({ layers, challenges, graph }) =>
    customProfile({
      sectorBytes: 2048,
      layers,
      challenges,
      porepId: graph === 0 ? profiles['2KiB-test'].porepId : noise('graph', 32),
    }),
  )
/** Payloads that fit into 2 KiB as they come. */
const anyPieces = fc.array(fc.nat(700), { maxLength: 5 }).map((sizes) => {
  const fitting: number[] = []
  for (const size of sizes) if (fits([...fitting, size])) fitting.push(size)
  return fitting
})

function fits(sizes: readonly number[]): boolean {
  try {
    placePieces(sizes.map(paddedSizeOf), 2048)
    return true
  } catch {
    return false
  }
}

async function seal(profile: Profile, sizes: readonly number[]) {
  sectors += 1
  return await sealedSector(folder.path, profile, sizes, sectors)
}

test('what is sealed is unsealed again, from a whole sector and from one without its layers', async () => {
  const property = fc.asyncProperty(anyProfile, anyPieces, fc.boolean(), async (profile, sizes, isFinal) => {
    const { input } = await seal(profile, sizes)
    if (isFinal) await finalizeSector(input.dir)
    const offsets = placePieces(sizes.map(paddedSizeOf), profile.sectorBytes)
    for (const [i, { path, payloadSize }] of input.pieces.entries()) {
      const out = join(folder.path, `out-${sectors}-${i}`)
      await unsealPiece({ dir: input.dir, parentsDir: input.parentsDir, offset: offsets[i]!, payloadSize, out })
      expect(hex(await readFile(out))).toBe(hex(await readFile(path)))
    }
  })
  await fc.assert(property, seeded(25))
})

test('a PoRep holds for its statement, and for no other', async () => {
  const property = fc.asyncProperty(
    anyProfile,
    anyPieces,
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.nat(),
    async (profile, sizes, seed, at) => {
      const { input, sealed } = await seal(profile, sizes)
      const { dir, parentsDir, provider, sectorNumber, ticket } = input
      const bundle = await provePoRep({ dir, parentsDir, seed })
      const good: PoRepInput = { profile, provider, sectorNumber, ticket, seed, ...sealed, bundle }
      expect(verifyPoRep(good)).toEqual({ ok: true })
      const changes: Partial<PoRepInput>[] = [
        { provider: provider + 1 + at },
        { sectorNumber: sectorNumber + 1 + at },
        { ticket: flip(ticket, at % 32) },
        { seed: flip(seed, at % 32) },
        { commD: flip(sealed.commD, at % 32) },
        { commR: flip(sealed.commR, at % 32) },
        { bundle: flip(bundle, at % bundle.length) },
        { profile: { ...profile, porepId: flip(profile.porepId, at % 32) } },
        { profile: { ...profile, layers: profile.layers + 1 } },
        { profile: { ...profile, nodes: 2 * profile.nodes } },
      ]
      for (const change of changes) expect([change, verifyPoRep({ ...good, ...change }).ok]).toEqual([change, false])
    },
  )
  await fc.assert(property, seeded(20))
})

test('a PoSt holds for its challenge and its list, and for no other', async () => {
  const profile = customProfile({ sectorBytes: 32 * 2 ** 12, layers: 1, challenges: 1, porepId: noise('graph', 32) })
  const sealedAll = [await seal(profile, [50_000]), await seal(profile, []), await seal(profile, [100, 20_000])]
  const list = sealedAll.map(({ input, sealed }) => ({
    number: input.sectorNumber,
    dir: input.dir,
    commR: sealed.commR,
  }))
  const challenges = fc.record({
    provider: fc.nat(),
    partition: fc.nat(),
    randomness: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    // Enough that another list never asks for the same openings, which a proof would then rightly be of.
    count: fc.integer({ min: 20, max: 40 }),
  })
  const lists = fc.shuffledSubarray(list, { minLength: 2 })
  const property = fc.asyncProperty(challenges, lists, fc.nat(), async (challenge, frozen, at) => {
    const bundle = await provePost({ ...challenge, profile, sectors: frozen })
    const good: PostInput = { ...challenge, profile, sectors: frozen, bundle }
    expect(verifyPost(good)).toEqual({ ok: true })
    const changes: Partial<PostInput>[] = [
      { provider: challenge.provider + 1 + (at % 1000) },
      { partition: challenge.partition + 1 + (at % 1000) },
      { randomness: flip(challenge.randomness, at % 32) },
      { count: challenge.count + 1 },
      { bundle: flip(bundle, at % bundle.length) },
      { profile: { ...profile, nodes: 2 * profile.nodes } },
      { sectors: frozen.slice(1) },
      { sectors: [...frozen, frozen[0]!] },
    ]
    for (const change of changes) expect([change, verifyPost({ ...good, ...change }).ok]).toEqual([change, false])
  })
  await fc.assert(property, seeded(40))
})
