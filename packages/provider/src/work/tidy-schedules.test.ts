/** Maintenance of volumes by random schedules, with real files: nothing that is needed is ever deleted. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestSector } from '../../test/sealed-sectors.ts'
import { sealOne, VolumeWorld } from '../../test/volume-world.ts'
import { type VolumeConfig, volumeRoles } from '../storage/volumes.ts'

const MINUTE_MS = 60_000
let root: string
let sealed: TestSector

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-schedules-'))
  sealed = await sealOne(root)
})
afterAll(() => rm(root, { recursive: true }))

/** Mulberry32: a schedule that fails is run again by its seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

test.each([1, 2, 3, 4, 5, 6])(
  'by schedule %i nothing that is needed is deleted, and all of it is whole',
  async (seed) => {
    const here = await VolumeWorld.begin(join(root, `schedule-${seed}`), sealed)
    const random = randomOf(seed)
    const rolesAnew = (): VolumeConfig['roles'] => volumeRoles.filter(() => random(2) === 0)
    const rolesOfOne = (): void => {
      const which = random(3)
      if (which === 2) here.homeRoles = rolesAnew()
      else here.others = here.others.map((each, at) => (at === which ? { ...each, roles: rolesAnew() } : each))
    }
    const tidyLater = (): Promise<void> => {
      here.nowMs += random(24) * MINUTE_MS
      return here.tidy()
    }
    const steps: (() => Promise<void> | void)[] = [
      () => here.addPiece(),
      () => here.addSector(),
      () => here.retire(),
      tidyLater,
      () => {
        rolesOfOne()
        return here.killTidying(random(12))
      },
      async () => {
        rolesOfOne()
        const reading = here.readable()
        await here.tidy()
        // Whoever had begun to read one reads on.
        expect(reading.filter((path) => !existsSync(path))).toEqual([])
        await here.rot()
        await tidyLater()
      },
      () => here.restart(),
      rolesOfOne,
      () => here.vanish(here.others.filter(({ path }) => !here.gone.has(path))[0]?.path ?? here.others[0]!.path),
      () => here.comeBack(),
      // More often than it goes away: what may be on one that is away is not missed.
      () => here.comeBack(),
      () => here.addUnknown(random(2)),
    ]
    for (let step = 0; step < 120; step++) {
      const at = random(steps.length)
      if (at === 8 && here.gone.size === here.others.length) continue
      await Promise.resolve(steps[at]!()).catch((error: { code?: string }) => {
        // No volume takes it at present: then it does not come.
        if (error.code !== 'DISK_FULL') throw error
      })
      expect([here.lost(), here.touched()]).toEqual([[], []])
    }
    here.comeBack()
    here.restart()
    expect(here.lost()).toEqual([])
  },
)
