import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, toHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { verifyPost } from '@granary/proofs/verify'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sealSectors, type TestSector } from '../../test/sealed-sectors.ts'
import type { SpacetimeInput } from './post-job.ts'
import { createProver, type Prover } from './prover.ts'

const profile = profileNamed('2KiB-test')
const randomness = new Uint8Array(32).fill(9)
const { signal } = new AbortController()
let folder: string
let sectors: TestSector[]
let prover: Prover

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-prover-'))
  sectors = await sealSectors(folder, { profile, provider: 1000, numbers: [1, 2] })
  prover = createProver()
})
afterAll(async () => {
  await prover.stop()
  await rm(folder, { recursive: true })
})

const challenge = (changes: Partial<SpacetimeInput> = {}): SpacetimeInput => ({
  profile: '2KiB-test',
  provider: 1000,
  partition: 4,
  randomness: toHex(randomness),
  count: 20,
  sectors,
  skipped: [],
  ...changes,
})

/** Whether the chain would take it. */
async function answered(changes: Partial<SpacetimeInput> = {}): Promise<unknown> {
  const input = challenge(changes)
  const result = await prover.answer(input, signal)
  if ('damaged' in result) return result.damaged.map(({ position, number }) => ({ position, number }))
  const frozen = input.sectors.map(({ number, commR }) => ({ number, commR: fromHex(commR) }))
  const { provider, partition, count, skipped } = input
  const statement = { provider, partition, count, profile, randomness, sectors: frozen, skipped }
  return verifyPost({ ...statement, bundle: result.bundle })
}

test('answers a challenge from what is left after the layers are dropped', async () => {
  expect(await answered()).toEqual({ ok: true })
})

test('in place of an answer that the chain would refuse, the sector that is to blame is named, and skipped', async () => {
  const list = [sectors[0]!, { ...sectors[1]!, commR: sectors[0]!.commR }]
  expect(await answered({ sectors: list })).toEqual([{ position: 1, number: 2 }])
  expect(await answered({ sectors: list, skipped: [1] })).toEqual({ ok: true })
  expect(await answered({ sectors: [sectors[0]!, { ...sectors[1]!, dir: sectors[0]!.dir }] })).toMatchObject([
    { number: 2 },
  ])
})

test('an error keeps its code, hint and details on the way out of its thread', async () => {
  const refused = prover.answer(challenge({ count: 0 }), signal)
  await expect(refused).rejects.toMatchObject({ code: 'POST_INPUT_INVALID', retryable: false })
})

test('a sector proven alone says what is wrong with it', async () => {
  const alone = { profile: profile.name, provider: 1000, sector: sectors[0]! }
  expect(await prover.check(alone, signal)).toBeNull()
  const elsewhere = { ...sectors[0]!, dir: join(folder, 'nowhere') }
  expect(await prover.check({ ...alone, sector: elsewhere }, signal)).toMatch(/manifest.json is missing/)
})

test('a piece that changed, or is gone, is named before anything is sealed from it', async () => {
  const { path, pieceCid } = sectors[0]!.pieces[0]!
  expect(await prover.checkPieces([{ path, pieceCid }], signal)).toBeNull()
  const [other] = sectors[1]!.pieces
  const changed = prover.checkPieces([{ path, pieceCid: other!.pieceCid }], signal)
  await expect(changed).rejects.toMatchObject({ code: 'PIECE_DAMAGED', details: { path } })
  const gone = prover.checkPieces([{ path: join(folder, 'gone'), pieceCid }], signal)
  await expect(gone).rejects.toMatchObject({ code: 'PIECE_DAMAGED' })
})

test('who stops waiting sees its own reason, and the thread is there for the next', async () => {
  const controller = new AbortController()
  const held = prover.answer(challenge({ count: 60_000 }), controller.signal)
  controller.abort(new Error('enough'))
  await expect(held).rejects.toThrow('enough')
  expect(await answered()).toEqual({ ok: true })
})
