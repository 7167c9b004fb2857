/**
 * Two who seal the same sector at once, as when a machine that was taken for dead goes on: both write the same bytes to the
 * same places, so whatever their order the folder ends whole, and neither is given another sector's commitments.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GranaryError } from '@granary/base'
import { expect, test } from '@jest/globals'
import { sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { hex, noise } from '../../test/support.ts'
import { digestFile } from '../io/digest-file.ts'
import { customProfile } from '../spec/profile.ts'
import { sealSector } from './seal-sector.ts'

const ROUNDS = 4
/** Small, so that there are many rounds; its files are still written in several parts. */
const profile = customProfile({ sectorBytes: 2 ** 20, layers: 2, challenges: 1, porepId: noise('twice', 32) })

test('two that seal the same sector at once harm nothing', async () => {
  const folder = await temporaryFolder()
  const input = await sealInput(folder.path, profile, [100_000])
  await sealSector({ ...input, dir: join(folder.path, 'first') })
  const begunMs = performance.now()
  const untouched = await sealSector(input)
  const tookMs = performance.now() - begunMs
  for (let round = 0; round < ROUNDS; round += 1) {
    const dir = join(folder.path, `twice-${round}`)
    // It begins anywhere in the first.
    const later = sleep((tookMs * round) / ROUNDS).then(() => sealSector({ ...input, dir }))
    for (const outcome of await Promise.allSettled([sealSector({ ...input, dir }), later])) {
      if (outcome.status === 'fulfilled') expect(outcome.value).toEqual(untouched)
      // It is tried again then, and goes on from what is there.
      else expect(GranaryError.is(outcome.reason) ? outcome.reason.retryable : true).toBe(true)
    }
    expect(hex((await sealSector({ ...input, dir })).commR)).toBe(hex(untouched.commR))
    for (const name of ['replica', 'tree-r', 'tree-d', 'tree-c', 'layer-1', 'layer-2'])
      expect(await digestFile(join(dir, name))).toBe(await digestFile(join(input.dir, name)))
    expect(JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8'))).toMatchObject({ state: 'sealed' })
  }
  await folder.remove()
})
