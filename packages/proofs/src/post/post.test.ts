import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sealedSector, temporaryFolder } from '../../test/sealed-sector.ts'
import { flip, noise } from '../../test/support.ts'
import { finalizeSector } from '../seal/index.ts'
import { concatBytes } from '../spec/bytes.ts'
import { commROf } from '../spec/commitments.ts'
import { drawSamples } from '../spec/post-samples.ts'
import { profiles } from '../spec/profile.ts'
import { type PostInput, postBundleBytes, verifyPost } from '../verify/index.ts'
import { type ProvePostInput, provePost } from './index.ts'

const profile = profiles['2KiB-test']
const challenge = { profile, provider: 1000, partition: 3, randomness: noise('randomness', 32), count: 10 }
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let proving: ProvePostInput
let good: PostInput

beforeAll(async () => {
  folder = await temporaryFolder()
  const sectors = []
  for (const number of [4, 9, 5]) {
    const { input, sealed } = await sealedSector(folder.path, profile, [300 + number], number)
    // A finalized sector proves as well as one with its layers.
    if (number !== 9) await finalizeSector(input.dir)
    sectors.push({ number, dir: input.dir, commR: sealed.commR })
  }
  proving = { ...challenge, sectors }
  good = { ...proving, sectors, bundle: await provePost(proving) }
})
afterAll(() => folder.remove())

test('the proof of a list of sectors is accepted, and has the length that the challenge implies', () => {
  expect(verifyPost(good)).toEqual({ ok: true })
  expect(good.bundle).toHaveLength(postBundleBytes({ ...challenge, sectors: 3 }))
})

test.each([1, 2, 3, 80, 500])('a challenge of %i samples is answered', async (count) => {
  const bundle = await provePost({ ...proving, count })
  expect(verifyPost({ ...good, count, bundle })).toEqual({ ok: true })
})

test('samples are spread over all sectors and leaves', () => {
  const samples = drawSamples({ ...challenge, count: 5000 }, 3)
  expect(samples.map((sample) => [sample.position, sample.leaves.length])).toEqual([
    [0, 64],
    [1, 64],
    [2, 64],
  ])
})

test('every byte of a bundle, flipped at its lowest or highest bit, is refused', () => {
  for (let at = 0; at < good.bundle.length; at += 1)
    for (const bit of [1, 0x80])
      expect([at, verifyPost({ ...good, bundle: flip(good.bundle, at, bit) }).ok]).toEqual([at, false])
})

test('a bundle cut or extended anywhere is refused by its length', () => {
  const wrong = { ok: false, reason: 'BUNDLE_LENGTH_WRONG' }
  for (let length = 0; length < good.bundle.length; length += 1)
    expect(verifyPost({ ...good, bundle: good.bundle.subarray(0, length) })).toEqual(wrong)
  for (const spare of [1, 32, 1000])
    expect(verifyPost({ ...good, bundle: concatBytes([good.bundle, new Uint8Array(spare)]) })).toEqual(wrong)
})

describe('a proof holds for its own challenge only', () => {
  test.each([
    ['provider', { provider: 1001 }],
    ['partition', { partition: 4 }],
    ['randomness', { randomness: noise('other', 32) }],
    ['count', { count: 11 }],
    ['profile', { profile: { ...profile, nodes: 128 } }],
  ])('another %s', (_, change) => {
    expect(verifyPost({ ...good, ...change }).ok).toBe(false)
  })

  test('another order of the list, a list with one left out, one with another CommR', () => {
    const [a, b, c] = good.sectors
    expect(verifyPost({ ...good, sectors: [b!, a!, c!] })).toEqual({ ok: false, reason: 'COMM_R_MISMATCH' })
    expect(verifyPost({ ...good, sectors: [a!, b!] }).ok).toBe(false)
    const other = { ...c!, commR: noise('other', 32) }
    expect(verifyPost({ ...good, sectors: [a!, b!, other] })).toEqual({ ok: false, reason: 'COMM_R_MISMATCH' })
  })
})

describe('each link refuses by its own name', () => {
  test('another magic', () => {
    expect(verifyPost({ ...good, bundle: flip(good.bundle, 0) })).toEqual({ ok: false, reason: 'BUNDLE_MAGIC_WRONG' })
  })

  test('a leaf of another place in the same replica', async () => {
    const [first] = drawSamples(challenge, 3)
    expect(first!.leaves.length).toBeGreaterThan(1)
    const leaves = 4 + 64
    const swapped = good.bundle.slice()
    swapped.copyWithin(leaves, leaves + 32, leaves + 64)
    expect(verifyPost({ ...good, bundle: swapped })).toEqual({ ok: false, reason: 'REPLICA_NOT_IN_COMM_R' })
  })

  test('another replica root under the CommR of its own', () => {
    const commRLast = noise('other root', 32)
    const bundle = good.bundle.slice()
    bundle.set(commRLast, 4 + 32)
    const commR = commROf(good.bundle.subarray(4, 36), commRLast)
    const sectors = [{ ...good.sectors[0]!, commR }, ...good.sectors.slice(1)]
    expect(verifyPost({ ...good, sectors, bundle })).toEqual({ ok: false, reason: 'REPLICA_NOT_IN_COMM_R' })
  })

  test.each([
    ['commC', 4],
    ['commRLast', 36],
  ])('a zero %s', (_, at) => {
    const bundle = good.bundle.slice().fill(0, at, at + 32)
    expect(verifyPost({ ...good, bundle })).toEqual({ ok: false, reason: 'COMMITMENT_ZERO' })
  })
})

describe('what is no challenge is refused, not thrown', () => {
  test.each([
    ['a count of 0', { count: 0 }],
    ['a count of 2³¹', { count: 2 ** 31 }],
    ['an empty list', { sectors: [] }],
    ['a negative partition', { partition: -1 }],
    ['randomness of 31 bytes', { randomness: new Uint8Array(31) }],
    ['a CommR of 31 bytes', { sectors: [{ number: 1, commR: new Uint8Array(31) }] }],
    ['a bundle that is no bytes', { bundle: [] as unknown as Uint8Array }],
  ])('%s', (_, change) => {
    expect(verifyPost({ ...good, ...change })).toEqual({ ok: false, reason: 'INPUT_INVALID' })
  })
})

describe('the prover refuses', () => {
  test.each([
    ['an empty list', { sectors: [] }],
    ['a count of 0', { count: 0 }],
    ['short randomness', { randomness: new Uint8Array(8) }],
    ['a negative provider', { provider: -1 }],
  ])('%s', async (_, change) => {
    await expect(provePost({ ...proving, ...change })).rejects.toMatchObject({ code: 'POST_INPUT_INVALID' })
  })

  test('a folder that holds another sector', async () => {
    const sectors = [{ number: 77, dir: proving.sectors[0]!.dir }]
    await expect(provePost({ ...proving, sectors })).rejects.toMatchObject({ code: 'SECTOR_DIR_MISMATCH' })
  })

  test('a replica with a changed byte, naming the sector', async () => {
    const { input } = await sealedSector(folder.path, profile, [333], 60)
    const path = join(input.dir, 'replica')
    const replica = await readFile(path)
    replica[1000]! ^= 1
    await writeFile(path, replica)
    const proof = provePost({ ...proving, count: 64, sectors: [{ number: 60, dir: input.dir }] })
    await expect(proof).rejects.toMatchObject({ code: 'SECTOR_DAMAGED', message: expect.stringContaining(input.dir) })
  })
})
