/** Answers that skip sectors: docs/spec/proofs.md section 9, and its vectors beside the spec. */
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolder } from '../../test/sealed-sector.ts'
import { flip, fromHex, hex, noise } from '../../test/support.ts'
import { sealSector } from '../seal/index.ts'
import { profiles } from '../spec/profile.ts'
import { areSkips, drawSamples, postBundleBytes, skipsMax, verifyPost } from '../verify/index.ts'
import { provePost } from './index.ts'

interface SkipVectors {
  readonly provider: number
  readonly partition: number
  readonly ticket: string
  readonly sectors: readonly { readonly number: number; readonly comm_r: string }[]
  readonly items: readonly {
    readonly case: string
    readonly randomness: string
    readonly count: number
    readonly samples: readonly [position: number, leaves: number[]][]
    readonly skipped: readonly number[]
    readonly bundle: string
    readonly verdict: string
  }[]
}

const profile = profiles['2KiB-test']
const file = new URL('../../../../docs/spec/vectors/post-skips.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as SkipVectors
const { provider, partition } = vectors
const list = vectors.sectors.map(({ number, comm_r }) => ({ number, commR: fromHex(comm_r) }))
const place = { profile, provider, partition }

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let sectors: { number: number; dir: string; commR: Uint8Array }[]

beforeAll(async () => {
  folder = await temporaryFolder()
  sectors = []
  for (const { number } of list) {
    const dir = join(folder.path, String(number))
    const parentsDir = join(folder.path, 'parents')
    const ticket = fromHex(vectors.ticket)
    const sealed = await sealSector({ profile, provider, sectorNumber: number, ticket, pieces: [], dir, parentsDir })
    sectors.push({ number, dir, commR: sealed.commR })
  }
})
afterAll(() => folder.remove())

test('the sectors of the vectors are sealed to their commitments', () => {
  expect(sectors.map(({ commR }) => hex(commR))).toEqual(vectors.sectors.map(({ comm_r }) => comm_r))
})

describe.each(vectors.items)('$case', (item) => {
  const { count, skipped } = item
  const challenge = { ...place, randomness: fromHex(item.randomness), count }

  test(`is judged: ${item.verdict}`, () => {
    const verdict = verifyPost({ ...challenge, sectors: list, skipped, bundle: fromHex(item.bundle) })
    expect(verdict).toEqual(item.verdict === 'ok' ? { ok: true } : { ok: false, reason: item.verdict })
    expect(drawSamples(challenge, list.length).map((s) => [s.position, s.leaves])).toEqual(item.samples)
  })

  if (item.verdict === 'ok') {
    test('is proven to the same bytes', async () => {
      const bundle = await provePost({ ...challenge, sectors, skipped })
      expect(hex(bundle)).toBe(item.bundle)
      expect(bundle).toHaveLength(postBundleBytes({ ...challenge, sectors: list.length, skipped }))
    })

    test('has no byte that can be flipped', () => {
      const bundle = fromHex(item.bundle)
      for (let at = 0; at < bundle.length; at += 1) {
        expect(verifyPost({ ...challenge, sectors: list, skipped, bundle: flip(bundle, at) }).ok).toBe(false)
      }
    })
  }

  if (item.verdict === 'SKIPS_INVALID') {
    test('is not proven', async () => {
      await expect(provePost({ ...challenge, sectors, skipped })).rejects.toMatchObject({ code: 'POST_SKIPS_INVALID' })
    })
  }
})

test('what is skipped need not be there; what is not, must', async () => {
  const [item] = vectors.items.filter(({ skipped, verdict }) => verdict === 'ok' && skipped.length === 1)
  const [position] = item!.skipped
  const challenge = { ...place, randomness: fromHex(item!.randomness), count: item!.count }
  const gone = join(folder.path, 'gone')
  await rm(gone, { recursive: true, force: true })
  const without = sectors.map((sector, i) => (i === position ? { ...sector, dir: gone } : sector))
  await expect(provePost({ ...challenge, sectors: without })).rejects.toMatchObject({ code: expect.any(String) })
  expect(hex(await provePost({ ...challenge, sectors: without, skipped: item!.skipped }))).toBe(item!.bundle)
})

describe('of 80 samples', () => {
  const challenge = { ...place, randomness: noise('eighty', 32), count: 80 }
  const sampled = drawSamples(challenge, 200).map(({ position }) => position)

  test('ten may be skipped, and eleven may not', () => {
    expect(skipsMax(80)).toBe(10)
    expect(areSkips(challenge, 200, sampled.slice(0, 10))).toBe(true)
    expect(areSkips(challenge, 200, sampled.slice(0, 11))).toBe(false)
  })

  test('one of the sampled at least is proven', () => {
    expect(drawSamples(challenge, 10)).toHaveLength(10)
    expect(areSkips(challenge, 10, [0, 1, 2, 3, 4, 5, 6, 7, 8])).toBe(true)
    expect(areSkips(challenge, 10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe(false)
    expect(areSkips(challenge, 1, [0])).toBe(false)
  })

  test('nobody can choose what to skip until the samples suit: they are those of the whole list', () => {
    const bundle = (skipped: readonly number[]) => postBundleBytes({ ...challenge, sectors: 200, skipped })
    const [first] = sampled
    const [leaves] = drawSamples(challenge, 200).map((sample) => sample.leaves.length)
    expect(bundle([]) - bundle([first!])).toBeGreaterThan(32 * (2 + leaves!))
  })
})

test.each([
  ['no list', 'first' as never],
  ['a list of holes', new Array(2)],
  ['a list of no numbers', ['0' as never]],
  ['a negative position', [-1]],
  ['half a position', [0.5]],
  ['more than the list has', [0, 1, 2, 3, 4, 5]],
])('%s is no skip, and nothing is thrown', (_, skipped) => {
  const [item] = vectors.items
  const challenge = { ...place, randomness: fromHex(item!.randomness), count: item!.count }
  const verdict = verifyPost({ ...challenge, sectors: list, skipped, bundle: fromHex(item!.bundle) })
  expect(verdict).toEqual({ ok: false, reason: 'INPUT_INVALID' })
})
