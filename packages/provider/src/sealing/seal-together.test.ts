import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { sealNeeds } from '@granary/proofs/seal'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createQueue } from '../queue/create-queue.ts'
import type { JobQueue } from '../queue/job-queue.ts'
import type { ProviderJobs, SealInput } from './jobs.ts'
import { sealJob } from './seal-job.ts'
import { createSealer } from './seal-together.ts'

const profile = profileNamed('2KiB-test')
let folder: string
let queue: JobQueue<ProviderJobs>
/** Of the jobs that were asked for. */
let asked: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-together-'))
  await writeFile(join(folder, 'piece.car'), new Uint8Array(1_000).fill(3))
  queue = await createQueue<ProviderJobs>({ folder, machine: { together: 4, parallel: 1, marks: [] } })
})
afterAll(async () => {
  await queue.stop()
  await rm(folder, { recursive: true, force: true })
})

function inputOf(sector: number): SealInput {
  return {
    ...{ profile: profile.name, provider: 1_000, sector, ticket: toHex(new Uint8Array(32).fill(9)) },
    pieces: [{ path: join(folder, 'piece.car'), payloadSize: 1_000, paddedSize: 1024 }],
    ...{ dir: join(folder, 'sectors', String(sector)), parentsDir: join(folder, 'parents') },
  }
}

function sealerOf() {
  asked = []
  return createSealer({
    slots: queue.slots,
    run: (request, options) => {
      asked.push(request.id)
      return queue.run(request, options)
    },
  })
}

const signal = new AbortController().signal
const context = { signal, onProgress: () => {} }
const machine = { together: 4, parallel: 1, marks: [] }

test('sectors that wait go four together, and each is the one that is sealed alone', async () => {
  const sealer = sealerOf()
  const layers: number[] = []
  const numbers = [1, 2, 3, 4, 5]
  const sealed = await Promise.all(
    numbers.map((number) =>
      sealer.seal(`seal-${number}`, inputOf(number), {
        signal,
        onProgress: (progress) => void (progress.type === 'seal:layer' && number === 5 && layers.push(progress.layer)),
      }),
    ),
  )
  expect(asked).toEqual(['seal-1-seal-2-seal-3-seal-4', 'seal-5'])
  expect(layers).toEqual([1, 2])
  for (const [index, number] of numbers.entries()) {
    const alone = { ...inputOf(number), dir: join(folder, 'alone', String(number)) }
    const { sectors } = await sealJob({ sectors: [alone] }, context, machine)
    expect(sectors).toMatchObject([{ ok: true, result: { commR: sealed[index]!.commR } }])
  }
})

test('one that is given up leaves the others, which go on without it', async () => {
  const sealer = sealerOf()
  const leaving = new AbortController()
  const left = sealer.seal('seal-11', inputOf(11), { signal: leaving.signal })
  const others = [12, 13].map((number) =>
    sealer.seal(`seal-${number}`, inputOf(number), {
      signal,
      onProgress: () => leaving.abort(new Error('enough')),
    }),
  )
  await expect(left).rejects.toThrow('enough')
  expect(await Promise.all(others)).toMatchObject([{ commR: expect.any(String) }, { commR: expect.any(String) }])
  expect(asked).toEqual(['seal-11-seal-12-seal-13', 'seal-12-seal-13'])
})

test('no more go together than the memory has room for, and where there is none for one that is said before it begins', async () => {
  const sectors = [21, 22, 23].map(inputOf)
  const room = { ...machine, memoryBytes: sealNeeds(profile, 2).memoryBytes }
  const sealed = await sealJob({ sectors }, context, room)
  expect(sealed.sectors.map(({ ok }) => ok)).toEqual([true, true])
  // Two steps at a time share it.
  await expect(sealJob({ sectors: [inputOf(24)] }, context, { ...room, parallel: 2 })).rejects.toMatchObject({
    code: 'MEMORY_TOO_SMALL',
    retryable: true,
  })
})

test('two steps that begin in the same moment do not both take all of the free memory for their company', async () => {
  const free = process.availableMemory
  process.availableMemory = () => sealNeeds(profile, 4).memoryBytes
  try {
    const sealed = await sealJob({ sectors: [41, 42, 43].map(inputOf) }, context, { ...machine, parallel: 2 })
    expect(sealed.sectors.map(({ ok }) => ok)).toEqual([true])
  } finally {
    process.availableMemory = free
  }
})

test('a sector is told of its end before those that the memory had no room for begin', async () => {
  const room = { ...machine, memoryBytes: sealNeeds(profile, 1).memoryBytes }
  const narrow = await createQueue<ProviderJobs>({ folder: join(folder, 'narrow'), machine: room })
  const order: string[] = []
  const sealer = createSealer({
    slots: narrow.slots,
    run: (request, options) => {
      order.push(request.id)
      return narrow.run(request, options)
    },
  })
  const numbers = [31, 32, 33]
  await Promise.all(
    numbers.map(async (number) => {
      await sealer.seal(`seal-${number}`, inputOf(number), { signal })
      order.push(`${number} is sealed`)
    }),
  )
  await narrow.stop()
  expect(order).toEqual([
    ...['seal-31-seal-32-seal-33', '31 is sealed', 'seal-32-seal-33', '32 is sealed'],
    ...['seal-33', '33 is sealed'],
  ])
})
