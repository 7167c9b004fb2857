/** The ticket of a sector that waits for its turn. */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { profileNamed } from '@granary/proofs/profile'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createMemoryFeed } from '../../test/fake-feed.ts'
import { temporaryHome } from '../../test/market-kit.ts'
import { volumesIn } from '../../test/volumes-in.ts'
import { JobFailedError } from '../queue/job-queue.ts'
import { isIn, type SectorIn } from '../sectors/sector.ts'
import { createSectorStore, type SectorStore } from '../sectors/store.ts'
import { openStore } from '../storage/open-store.ts'
import { makeVolume } from '../storage/volume-record.ts'
import type { VolumesConfig } from '../storage/volumes.ts'
import { makeReplica } from './make-replica.ts'
import { runSector } from './run-sector.ts'
import { createSealer } from './seal-together.ts'

const MAX_AGE = 100
const { signal } = new AbortController()
let root: Awaited<ReturnType<typeof temporaryHome>>
let db: ReturnType<typeof openStore>
let store: SectorStore
let number: number
let height: number
let dealState: string
/** Of the jobs that were asked for. */
let asked: string[]

beforeEach(async () => {
  root = await temporaryHome()
  db = openStore(join(root.home, 'provider.sqlite'))
  store = createSectorStore(db)
  number = store.open([], 0).number
  store.close(number, [])
  height = 10
  dealState = 'published'
  asked = []
})
afterEach(async () => {
  db.close()
  await root.remove()
})

const dir = (): string => join(root.home, 'sectors', String(number))

function contextOf() {
  const sealer = createSealer({
    slots: () => 1,
    run: (async ({ id }: { id: string }) => {
      asked.push(id)
      throw new Error('it is not sealed here')
    }) as never,
  })
  return {
    ...{ store, sealer, providerId: 1, profile: profileNamed('2KiB-test'), folder: root.home, parentsDir: root.home },
    ...{ volumes: volumesIn(root.home), deals: createMemoryFeed(), head: { height: () => height } },
    chain: {
      status: async () => ({ height }),
      params: async () => ({ ticketMaxAge: MAX_AGE }),
      randomness: async ({ epoch }: { epoch: number }) => ({ randomness: `0x${String(epoch).padStart(64, '0')}` }),
      deal: async (id: number) => ({ id, state: dealState }),
    },
  }
}

async function step(context = contextOf()): Promise<SectorIn<'sealing'>> {
  const sector = store.get(number)
  if (!isIn(sector, 'sealing')) throw new Error(`it is ${sector.phase.state}`)
  return (await makeReplica(context as never, sector, signal)) as SectorIn<'sealing'>
}

test('a sector whose turn comes when its ticket is too old is not sealed for nothing: it gets another', async () => {
  expect((await step()).phase.ticket).toMatchObject({ epoch: 8 })
  const context = contextOf()
  const waiting = step(context)
  // Its turn comes a moment later, and the chain is far by then.
  while (!existsSync(join(dir(), 'sector.json'))) await new Promise(setImmediate)
  height = 200
  expect((await waiting).phase.ticket).toBeNull()
  expect([asked, existsSync(join(dir(), 'sector.json'))]).toEqual([[], false])
  expect((await step()).phase.ticket).toMatchObject({ epoch: 198 })
  await expect(step()).rejects.toThrow('it is not sealed here')
  expect(asked).toEqual([`seal-${number}`])
})

test('one that was begun with a ticket that is too old by now has come to nothing', async () => {
  await step()
  await expect(step()).rejects.toThrow('it is not sealed here')
  await writeFile(join(dir(), 'manifest.json'), '{}')
  height = 200
  await expect(step()).rejects.toMatchObject({ code: 'TICKET_EXPIRED' })
})

describe('a piece on a volume', () => {
  const pieceCid = 'baga'
  let disk: string
  let disks: Partial<VolumesConfig>
  const piece = (): string => join(disk, 'pieces', `${pieceCid}.car`)
  const unplug = (): Promise<void> => rename(disk, `${disk}.gone`)
  const plugIn = (): Promise<void> => rename(`${disk}.gone`, disk)

  beforeEach(async () => {
    disk = join(root.home, 'disk')
    await mkdir(disk)
    const { id } = await makeVolume(disk, '0x01', undefined)
    await writeFile(piece(), 'bytes')
    const deal = {
      dealId: 1,
      agreementId: '0x01',
      pieceCid,
      payloadSize: 5,
      paddedSize: 128,
      publishedAt: 1,
      endsBy: 9,
    }
    number = store.open([deal], 0).number
    store.close(number, [{ dealId: 1, offset: 0 }])
    disks = { homeRoles: ['sealing', 'replicas'], volumes: [{ path: disk, id, roles: ['unsealed'], weight: 1 }] }
  })

  test('one whose deal has lapsed meanwhile is not read, and nothing is sealed for it', async () => {
    await step()
    dealState = 'lapsed'
    await expect(step()).rejects.toMatchObject({ code: 'DEAL_NOT_AVAILABLE' })
    expect([asked, existsSync(dir())]).toEqual([[], false])
  })

  const gone = new JobFailedError({ code: 'PIECE_FILE_INVALID', message: 'it cannot be read', hint: 'none' })

  /** `job`: what happens meanwhile; then the piece is not found. */
  function withPieces(job: () => Promise<void> = async () => {}) {
    const run = async ({ id }: { id: string }): Promise<never> => {
      asked.push(id)
      await job()
      throw gone
    }
    return {
      ...contextOf(),
      volumes: volumesIn(root.home, disks),
      sealer: createSealer({ slots: () => 1, run: run as never }),
    }
  }

  test('is waited for while its disk is away, however often it is looked for, and is sealed then', async () => {
    await unplug()
    const stopping = new AbortController()
    let tries = 0
    const context = {
      ...withPieces(async () => stopping.abort(new DOMException('the provider is stopping', 'AbortError'))),
      ...{ alerts: { raise: () => {}, clear: () => {} }, retry: { failuresMax: 2, waitMinMs: 1, waitMaxMs: 1 } },
      log: ({ code }: { code?: string }) => {
        tries += code === 'VOLUME_AWAY' ? 1 : 0
        if (tries === 6 && existsSync(`${disk}.gone`)) void plugIn()
      },
    }
    await runSector(context as never, number, stopping.signal)
    expect([tries >= 6, store.get(number).failures, store.get(number).phase.state]).toEqual([true, 0, 'sealing'])
    expect(asked).toEqual([`seal-${number}`])
  })

  test('is waited for while it lies in staging, where it stayed when its disk was silent, and is sealed from its place', async () => {
    await rm(piece())
    const stopping = new AbortController()
    const deals = createMemoryFeed()
    deals.staged.add(pieceCid)
    let tries = 0
    const context = {
      ...withPieces(async () => stopping.abort(new DOMException('the provider is stopping', 'AbortError'))),
      ...{ deals, alerts: { raise: () => {}, clear: () => {} } },
      retry: { failuresMax: 2, waitMinMs: 1, waitMaxMs: 1 },
      log: ({ code }: { code?: string }) => {
        tries += code === 'VOLUME_AWAY' ? 1 : 0
        // As keep-tidy does every few seconds.
        if (tries === 6) void writeFile(piece(), 'bytes').then(() => deals.staged.clear())
      },
      chain: { ...contextOf().chain, height },
      securePieces: async () => true,
    }
    await runSector(context as never, number, stopping.signal)
    expect([tries >= 6, store.get(number).failures, store.get(number).phase.state]).toEqual([true, 0, 'sealing'])
    expect(asked).toEqual([`seal-${number}`])
  })

  test('is not lost with a disk that vanished while it was sealed', async () => {
    await step()
    await expect(step(withPieces(unplug) as never)).rejects.toMatchObject({ code: 'VOLUME_AWAY', retryable: true })
  })

  test('is lost where its disk is there without it', async () => {
    await step()
    await rm(piece())
    await expect(step(withPieces() as never)).rejects.toBe(gone)
  })
})
