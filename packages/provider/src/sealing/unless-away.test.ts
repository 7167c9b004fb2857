/** One thread, and a disk that begins to hang beneath it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createLocalQueue } from '../queue/local-queue.ts'
import type { ProviderJobs, SealInput } from './jobs.ts'
import { createSealer, type Sealer } from './seal-together.ts'
import { unlessAway } from './unless-away.ts'

const processor = new URL('../../test/seal-or-hang-processor.ts', import.meta.url)
const { signal } = new AbortController()
let queue: ReturnType<typeof createLocalQueue<ProviderJobs>>
let sealer: Sealer
let away: string[]

beforeEach(() => {
  queue = createLocalQueue<ProviderJobs>({ processor, machine: undefined, parallel: 1, cancelMs: 100 })
  sealer = createSealer(queue)
  away = []
})
afterEach(() => queue.stop())

const inputIn = (dir: string): SealInput => ({
  ...{ profile: '2KiB-test', provider: 1, sector: 1, ticket: '0x00', pieces: [], dir, parentsDir: '/parents' },
})

function seal(id: string, dir: string, onProgress: () => void = () => {}) {
  return unlessAway({ volumes: { away: () => away } }, [dir], signal, (either) =>
    sealer.seal(id, inputIn(dir), { signal: either, onProgress }),
  )
}

test.each([
  ['that waits for its turn', false],
  ['that is sealed with it', true],
])('a sector whose disk hangs gives its place to one on another disk %s', async (_, isTogether) => {
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const hung = seal('hung', '/hung/sectors/1', resolve)
  const left = expect(hung).rejects.toMatchObject({ code: 'VOLUME_AWAY', retryable: true, details: { path: '/hung' } })
  if (!isTogether) await begun
  const other = seal('other', '/disk/sectors/2')
  await begun
  away = ['/hung']
  await left
  expect(await other).toMatchObject({ isWhole: true })
})
