/** By the real queue and the smallest profile whose table takes a while. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { profileNamed } from '@granary/proofs/profile'
import { hasParentsTable } from '@granary/proofs/seal'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createLocalQueue } from '../queue/local-queue.ts'
import type { ProviderJobs } from '../sealing/jobs.ts'
import type { SealingLogEvent } from '../sectors/sealing-log.ts'
import { makeTables } from './make-tables.ts'

const profiles = [profileNamed('8MiB-dev'), profileNamed('512MiB')]

let folder: string
let logged: SealingLogEvent[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-tables-'))
  logged = []
})
afterEach(() => rm(folder, { recursive: true }))

async function make(reserveBytes: number): Promise<void> {
  const processor = new URL('../sealing/processor.ts', import.meta.url)
  const queue = createLocalQueue<ProviderJobs>({ processor, machine: { marks: [] }, parallel: 1 })
  try {
    const log = (event: SealingLogEvent): void => void logged.push(event)
    await makeTables(
      { queue, profiles, parentsDir: join(folder, 'parents'), reserveBytes: () => reserveBytes, log },
      new AbortController().signal,
    )
  } finally {
    await queue.stop()
  }
}

test('the table of a large profile is made before there is anything to seal, and once', async () => {
  await make(0)
  const has = profiles.map((profile) => hasParentsTable({ ...profile, dir: join(folder, 'parents') }))
  expect(await Promise.all(has)).toEqual([false, true])
  expect(logged).toEqual([{ type: 'parents:made', profile: '512MiB', ms: expect.any(Number) }])
  await make(0)
  expect(logged).toHaveLength(1)
})

test('no table is made of what the disk is to keep free, and that is said', async () => {
  await make(2 ** 50)
  expect(await readdir(join(folder, 'parents'))).toEqual([])
  expect(logged).toMatchObject([{ type: 'parents:failed', profile: '512MiB', code: 'DISK_TOO_SMALL' }])
})
