import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import { cp, mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sealSectors, type TestSector } from '../../test/sealed-sectors.ts'
import { type LeavingProver, leaveVolumes } from './leave-volumes.ts'
import { createProver } from './prover.ts'

const profile = profileNamed('2KiB-test')
const { signal } = new AbortController()
let folder: string
let hanging: string
let sectors: TestSector[]
let fifos: string[]
let prover: LeavingProver

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-leave-'))
  hanging = join(folder, 'hanging')
  sectors = await sealSectors(folder, { profile, provider: 1000, numbers: [1] })
  await cp(sectors[0]!.dir, join(hanging, 'sectors', '1'), { recursive: true })
  // To open one of these for reading does not return until somebody writes to it.
  const names = await readdir(join(hanging, 'sectors', '1'))
  fifos = names.map((name) => join(hanging, 'sectors', '1', name))
  for (const fifo of fifos) {
    await rm(fifo, { recursive: true })
    execFileSync('mkfifo', [fifo])
  }
  prover = leaveVolumes(createProver())
})
afterAll(async () => {
  const stopped = prover.stop()
  // Lets the threads go that hang.
  for (;;) {
    for (const fifo of fifos)
      await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK).then(
        (file) => file.close(),
        () => {},
      )
    if (await Promise.race([stopped.then(() => true), sleep(20, false)])) break
  }
  await rm(folder, { recursive: true })
})

test('answers from a disk that hangs end once it is said to be away, and leave the threads to the others', async () => {
  const challenge = { profile: profile.name, provider: 1000, partition: 4, count: 20, skipped: [] } as const
  const answer = (dir: string) => {
    const [sector] = sectors
    return prover.answer(
      { ...challenge, randomness: toHex(new Uint8Array(32)), sectors: [{ ...sector!, dir }] },
      signal,
    )
  }
  const stuck = [1, 2].map(() => answer(join(hanging, 'sectors', '1')))
  const ended = Promise.allSettled(stuck)
  const other = answer(sectors[0]!.dir)
  expect(await Promise.race([ended, other, sleep(500, 'nothing', { ref: false })])).toBe('nothing')
  prover.leave(hanging)
  for (const each of await ended)
    expect(each).toMatchObject({ status: 'rejected', reason: { code: 'PROVER_THREAD_LOST' } })
  expect(await other).toHaveProperty('bundle')
})
