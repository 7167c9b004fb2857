import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { consistent, partsOf } from '../../test/porep-parts.ts'
import { sealedSector, sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { flip, fromHex, noise } from '../../test/support.ts'
import { finalizeSector } from '../seal/index.ts'
import { concatBytes } from '../spec/bytes.ts'
import { commROf } from '../spec/commitments.ts'
import { hashPairs, hashPairs254 } from '../spec/hash-pairs.ts'
import { multiproofRoot } from '../spec/multiproof.ts'
import { profiles } from '../spec/profile.ts'
import { type PoRepInput, porepBundleBytes, verifyPoRep } from '../verify/index.ts'
import { provePoRep } from './index.ts'

const profile = profiles['2KiB-test']
const seed = noise('seed', 32)
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let good: PoRepInput
let dir: string
let parentsDir: string

beforeAll(async () => {
  folder = await temporaryFolder()
  const { input, sealed } = await sealedSector(folder.path, profile, [900, 400])
  ;({ dir, parentsDir } = input)
  const bundle = await provePoRep({ dir, seed, parentsDir })
  const { provider, sectorNumber, ticket } = input
  good = { profile, provider, sectorNumber, ticket, seed, commD: sealed.commD, commR: sealed.commR, bundle }
})
afterAll(() => folder.remove())

test('the proof of a sealed sector is accepted, and has the length that the statement implies', () => {
  expect(verifyPoRep(good)).toEqual({ ok: true })
  expect(good.bundle).toHaveLength(porepBundleBytes(good))
})

test.each(Array.from({ length: 20 }, (_, i) => i))('for seed %i the proof is accepted, and only for it', async (i) => {
  const other = noise(`seed ${i}`, 32)
  const bundle = await provePoRep({ dir, seed: other, parentsDir })
  expect(verifyPoRep({ ...good, seed: other, bundle })).toEqual({ ok: true })
  expect(verifyPoRep({ ...good, bundle }).ok).toBe(false)
})

test('every byte of a bundle, flipped at its lowest or highest bit, is refused', () => {
  for (let at = 0; at < good.bundle.length; at += 1)
    for (const bit of [1, 0x80])
      expect([at, verifyPoRep({ ...good, bundle: flip(good.bundle, at, bit) }).ok]).toEqual([at, false])
})

test('a bundle cut or extended anywhere is refused by its length', () => {
  const wrong = { ok: false, reason: 'BUNDLE_LENGTH_WRONG' }
  for (let length = 0; length < good.bundle.length; length += 1)
    expect(verifyPoRep({ ...good, bundle: good.bundle.subarray(0, length) })).toEqual(wrong)
  for (const spare of [1, 32, 1000])
    expect(verifyPoRep({ ...good, bundle: concatBytes([good.bundle, new Uint8Array(spare)]) })).toEqual(wrong)
})

describe('a proof holds for its own statement only', () => {
  test.each([
    ['provider', { provider: 1001 }],
    ['sector number', { sectorNumber: 8 }],
    ['ticket', { ticket: noise('another ticket', 32) }],
    ['seed', { seed: noise('another seed', 32) }],
    ['CommD', { commD: noise('another commD', 32) }],
    ['CommR', { commR: noise('another commR', 32) }],
    ['graph', { profile: { ...profile, porepId: noise('another graph', 32) } }],
    ['number of layers', { profile: { ...profile, layers: 3 } }],
    ['number of challenges', { profile: { ...profile, challenges: 3 } }],
    ['number of nodes', { profile: { ...profile, nodes: 128 } }],
  ])('another %s', (_, change) => {
    expect(verifyPoRep({ ...good, ...change }).ok).toBe(false)
  })

  test('another CommR is refused as such', () => {
    expect(verifyPoRep({ ...good, commR: noise('another', 32) })).toEqual({ ok: false, reason: 'COMM_R_MISMATCH' })
  })
})

describe('each link refuses by its own name', () => {
  const refusal = (reason: string) => ({ ok: false, reason })

  test('another magic', () => {
    expect(verifyPoRep({ ...good, bundle: flip(good.bundle, 0) })).toEqual(refusal('BUNDLE_MAGIC_WRONG'))
  })

  test.each(['commC', 'commRLast'] as const)('a zero %s under a CommR made for it', (name) => {
    const { parts } = partsOf(good)
    parts[name] = new Uint8Array(32)
    const commR = commROf(parts.commC, parts.commRLast)
    expect(verifyPoRep({ ...good, commR, bundle: concatBytes(Object.values(parts)) })).toEqual(
      refusal('COMMITMENT_ZERO'),
    )
  })

  test('a zero CommR', () => {
    expect(verifyPoRep({ ...good, commR: new Uint8Array(32) })).toEqual(refusal('COMMITMENT_ZERO'))
  })

  test('the two roots swapped', () => {
    const { parts } = partsOf(good)
    const swapped = { ...parts, commC: parts.commRLast, commRLast: parts.commC }
    const bundle = concatBytes(Object.values(swapped))
    expect(verifyPoRep({ ...good, bundle })).toEqual(refusal('COMM_R_MISMATCH'))
    const commR = commROf(swapped.commC, swapped.commRLast)
    expect(verifyPoRep({ ...good, commR, bundle })).toEqual(refusal('COLUMN_NOT_IN_COMM_C'))
  })

  test('two columns swapped', () => {
    const { parts } = partsOf(good)
    const columns = concatBytes([
      parts.columns.subarray(64, 128),
      parts.columns.subarray(0, 64),
      parts.columns.subarray(128),
    ])
    const bundle = concatBytes(Object.values({ ...parts, columns }))
    expect(verifyPoRep({ ...good, bundle })).toEqual(refusal('COLUMN_NOT_IN_COMM_C'))
  })

  test('a sibling of the columns changed', () => {
    const { parts } = partsOf(good)
    const columnSiblings = flip(parts.columnSiblings, 5)
    const bundle = concatBytes(Object.values({ ...parts, columnSiblings }))
    expect(verifyPoRep({ ...good, bundle })).toEqual(refusal('COLUMN_NOT_IN_COMM_C'))
  })

  test.each([1, 2])('a challenged label of layer %i that does not follow from its parents, committed to', (layer) => {
    const { parts, layout } = partsOf(good)
    const at = (layout.opened.indexOf(layout.challenges[0]!) * 2 + layer - 1) * 32
    const forged = consistent(good, { ...parts, columns: flip(parts.columns, at) })
    expect(verifyPoRep(forged)).toEqual(refusal('LABEL_MISMATCH'))
  })

  test('any single label changed and committed to', () => {
    const { parts, layout } = partsOf(good)
    const read = new Set(
      layout.challenges.flatMap((node, i) =>
        [
          [node, 1],
          [node, 2],
          ...[...layout.parents[i]!].slice(0, 6).flatMap((parent) => [
            [parent, 1],
            [parent, 2],
          ]),
          ...[...layout.parents[i]!].slice(6).map((parent) => [parent, 1]),
        ].map(([node, layer]) => layout.opened.indexOf(node!) * 2 + layer! - 1),
      ),
    )
    for (const label of read) {
      const forged = consistent(good, { ...parts, columns: flip(parts.columns, label * 32) })
      expect([label, verifyPoRep(forged)]).toEqual([label, refusal('LABEL_MISMATCH')])
    }
  })

  test('a data node of r or more', () => {
    const { parts } = partsOf(good)
    const r = fromHex('01000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7ed73')
    for (const value of [r, new Uint8Array(32).fill(0xff)]) {
      const data = parts.data.slice()
      data.set(value)
      const bundle = concatBytes(Object.values({ ...parts, data }))
      expect(verifyPoRep({ ...good, bundle })).toEqual(refusal('DATA_NOT_IN_FIELD'))
    }
  })

  test('other data under a replica made for it', () => {
    const { parts } = partsOf(good)
    const forged = consistent(good, { ...parts, data: flip(parts.data, 0) })
    expect(verifyPoRep(forged)).toEqual(refusal('DATA_NOT_IN_COMM_D'))
  })

  test('a sibling of the data changed', () => {
    const { parts } = partsOf(good)
    const bundle = concatBytes(Object.values({ ...parts, dataSiblings: flip(parts.dataSiblings, 0) }))
    expect(verifyPoRep({ ...good, bundle })).toEqual(refusal('DATA_NOT_IN_COMM_D'))
  })

  test('a replica that is not data plus key, committed to', () => {
    const { parts } = partsOf(good)
    const commRLast = sha256(parts.commRLast)
    const bundle = concatBytes(Object.values({ ...parts, commRLast }))
    const commR = commROf(parts.commC, commRLast)
    expect(verifyPoRep({ ...good, commR, bundle })).toEqual(refusal('REPLICA_NOT_IN_COMM_R'))
  })

  test('the data opened under the hash of the replica', () => {
    const { parts, layout } = partsOf(good)
    const opening = {
      indices: layout.challenges,
      leaves: parts.data,
      siblings: parts.dataSiblings,
      depth: layout.depth,
    }
    expect(multiproofRoot({ ...opening, hash: hashPairs254 })).toEqual(good.commD)
    expect(multiproofRoot({ ...opening, hash: hashPairs })).not.toEqual(good.commD)
  })
})

describe('what is no statement is refused, not thrown', () => {
  test.each([
    ['a negative provider', { provider: -1 }],
    ['a provider past the safe integers', { provider: 2 ** 53 }],
    ['a sector number that is no integer', { sectorNumber: Number.NaN }],
    ['a ticket of 31 bytes', { ticket: new Uint8Array(31) }],
    ['a seed of 33 bytes', { seed: new Uint8Array(33) }],
    ['an empty CommR', { commR: new Uint8Array() }],
    ['a profile of no layers', { profile: { ...profile, layers: 0 } }],
    ['a profile of 63 nodes', { profile: { ...profile, nodes: 63 } }],
    ['a profile of 2⁴⁰ nodes', { profile: { ...profile, nodes: 2 ** 40 } }],
    ['a profile of endless challenges', { profile: { ...profile, challenges: 2 ** 31 } }],
    ['a bundle that is no bytes', { bundle: 'GPR1' as unknown as Uint8Array }],
  ])('%s', (_, change) => {
    expect(verifyPoRep({ ...good, ...change })).toEqual({ ok: false, reason: 'INPUT_INVALID' })
  })

  test('random bundles of the right length', () => {
    for (let i = 0; i < 200; i += 1) {
      const bundle = noise(`random ${i}`, good.bundle.length)
      if (i % 2 === 0) bundle.set(good.bundle.subarray(0, 68))
      expect(verifyPoRep({ ...good, bundle }).ok).toBe(false)
    }
  })
})

describe('the prover refuses', () => {
  test('a sector that is not sealed, and one whose layers were dropped', async () => {
    const unsealed = await sealInput(folder.path, profile, [], 50)
    await expect(provePoRep({ ...unsealed, seed })).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
    const { input } = await sealedSector(folder.path, profile, [100], 51)
    await finalizeSector(input.dir)
    await expect(provePoRep({ ...input, seed })).rejects.toMatchObject({ code: 'SECTOR_FINALIZED' })
  })

  test('a seed of another length', async () => {
    await expect(provePoRep({ dir, parentsDir, seed: new Uint8Array(31) })).rejects.toMatchObject({
      code: 'POREP_INPUT_INVALID',
    })
  })

  test('a sector of which a file is gone', async () => {
    const { input } = await sealedSector(folder.path, profile, [100], 52)
    await rm(join(input.dir, 'layer-1'))
    await expect(provePoRep({ ...input, seed })).rejects.toMatchObject({ code: 'SECTOR_DAMAGED' })
  })
})
