import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, toHex } from '@granary/base'
import { createPieceHasher } from '@granary/proofs/piece'
import { profileNamed } from '@granary/proofs/profile'
import type { SealProgress } from '@granary/proofs/seal'
import { computeCommD, verifyPoRep } from '@granary/proofs/verify'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createQueue } from '../queue/create-queue.ts'
import { type JobQueue, resultOf } from '../queue/job-queue.ts'
import type { ProviderJobs, ReplicationInput, SealInput, SealResult } from './jobs.ts'
import { readProof } from './proof-file.ts'

const profile = profileNamed('2KiB-test')
const ticket = new Uint8Array(32).fill(5)
const seed = new Uint8Array(32).fill(6)
const payload = new Uint8Array(randomBytes(1_000))

let folder: string
let queue: JobQueue<ProviderJobs>
let input: SealInput
let sealed: SealResult
const progress: SealProgress[] = []

const seal = async (changes: Partial<SealInput> = {}): Promise<SealResult> => {
  const [sealed] = await sealAll([{ ...input, ...changes }])
  return resultOf(sealed!) as SealResult
}

const sealAll = async (sectors: readonly SealInput[]) =>
  (
    await queue.run(
      { kind: 'seal', id: 'seal-1', input: { sectors } },
      { onProgress: (report) => progress.push(report.progress) },
    )
  ).sectors

const replication = (): ReplicationInput => ({
  profile: '2KiB-test',
  provider: 1000,
  sector: 1,
  ticket: toHex(ticket),
  seed: toHex(seed),
  commD: sealed.commD,
  commR: sealed.commR,
  dir: input.dir,
  parentsDir: input.parentsDir,
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-jobs-'))
  const path = join(folder, 'piece.car')
  await writeFile(path, payload)
  queue = await createQueue<ProviderJobs>({
    folder: join(folder, 'queue'),
    machine: { together: 4, parallel: 1, marks: [] },
  })
  input = {
    profile: '2KiB-test',
    provider: 1000,
    sector: 1,
    ticket: toHex(ticket),
    pieces: [{ path, payloadSize: payload.length, paddedSize: 1024 }],
    dir: join(folder, 'sectors', '1'),
    parentsDir: join(folder, 'parents'),
  }
  sealed = await seal()
})

afterAll(async () => {
  await queue.stop()
  await rm(folder, { recursive: true })
})

describe('the jobs of a provider, in worker threads', () => {
  test('seal gives the commitments of the pieces and says each layer', () => {
    const hasher = createPieceHasher()
    hasher.write(payload)
    const { root, paddedSize } = hasher.digest()
    expect(sealed.commD).toBe(toHex(computeCommD([{ root, paddedSize }], profile.sectorBytes)))
    const layers = progress.filter((entry) => entry.type === 'seal:layer')
    expect(layers).toEqual([1, 2].map((layer) => ({ type: 'seal:layer', layer, layers: profile.layers })))
  })

  test('seal again returns the same at once', async () => {
    progress.length = 0
    const { commD, commR } = await seal()
    expect({ commD, commR }).toEqual({ commD: sealed.commD, commR: sealed.commR })
    expect(progress).toEqual([])
  })

  test('a folder that holds another sector is refused for good', async () => {
    const refused = seal({ sector: 2 })
    await expect(refused).rejects.toMatchObject({ code: 'SECTOR_DIR_MISMATCH', retryable: false })
  })

  test('a piece file that is not there is named', async () => {
    const pieces = [{ path: join(folder, 'gone.car'), payloadSize: 1_000, paddedSize: 1024 }]
    const failed = seal({ sector: 3, dir: join(folder, 'sectors', '3'), pieces })
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('gone.car') })
  })

  test('of several sectors one that fails does not keep the others from being sealed', async () => {
    const at = (sector: number) => ({ ...input, sector, dir: join(folder, 'sectors', String(sector)) })
    const gone = { path: join(folder, 'gone.car'), payloadSize: 1_000, paddedSize: 1024 }
    const outcomes = await sealAll([at(11), { ...at(12), pieces: [gone] }, at(13)])
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(await sealAll([at(13), at(11)])).toMatchObject(
      [outcomes[2]!, outcomes[0]!].map((outcome) =>
        outcome.ok ? { ok: true, result: { commR: outcome.result.commR } } : {},
      ),
    )
  })

  test('porep leaves a proof on disk that the chain will accept', async () => {
    const result = await queue.run({ kind: 'porep', id: 'porep-1', input: replication() })
    const bundle = await readProof(input.dir, result.proofBytes)
    expect(
      verifyPoRep({
        profile,
        provider: 1000,
        sectorNumber: 1,
        ticket,
        seed,
        commD: fromHex(sealed.commD),
        commR: fromHex(sealed.commR),
        bundle: bundle!,
      }),
    ).toEqual({ ok: true })
    expect(await readProof(input.dir, result.proofBytes + 1)).toBeUndefined()
  })

  test('a proof that does not verify never reaches the disk', async () => {
    const wrong = { ...replication(), commR: toHex(new Uint8Array(32).fill(1)) }
    const before = await digestsOf(input.dir)
    const refused = queue.run({ kind: 'porep', id: 'porep-2', input: wrong })
    await expect(refused).rejects.toMatchObject({ code: 'PROOF_REFUSED', details: { reason: 'COMM_R_MISMATCH' } })
    expect(await digestsOf(input.dir)).toEqual(before)
  })
})

async function digestsOf(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).toSorted()
  const digests = await Promise.all(
    names.map(async (name) => [
      name,
      createHash('sha256')
        .update(await readFile(join(dir, name)))
        .digest('hex'),
    ]),
  )
  return Object.fromEntries(digests)
}
