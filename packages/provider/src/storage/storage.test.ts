import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statfsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createVolumes } from './create-volumes.ts'
import { inTransaction } from './in-transaction.ts'
import { createKeyedLock } from './keyed-lock.ts'
import { openStore } from './open-store.ts'
import { createSettings } from './settings.ts'
import { createSpace } from './space.ts'
import { volumeRoles } from './volumes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-storage-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a home that is open is locked for a second program, and free again once the first is killed', async () => {
  const path = join(folder, 'provider.sqlite')
  const script = `
    const { openStore } = await import(${JSON.stringify(new URL('./open-store.ts', import.meta.url).href)})
    openStore(${JSON.stringify(path)})
    console.log('open')
    setInterval(() => {}, 1000)`
  const args = [
    '--conditions=@granary/source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    script,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  expect(() => openStore(path)).toThrow(expect.objectContaining({ code: 'HOME_LOCKED', details: { path } }))
  child.kill('SIGKILL')
  await once(child, 'exit')
  openStore(path).close()
})

test('two openings in one process exclude each other too', () => {
  const path = join(folder, 'provider.sqlite')
  const db = openStore(path)
  expect(() => openStore(path)).toThrow(expect.objectContaining({ code: 'HOME_LOCKED' }))
  db.close()
})

test('a store that a newer program wrote is refused and left as it is', () => {
  const path = join(folder, 'provider.sqlite')
  const db = openStore(path)
  db.exec('PRAGMA user_version = 7')
  db.close()
  expect(() => openStore(path)).toThrow(expect.objectContaining({ code: 'STORE_VERSION' }))
  expect(() => openStore(path)).toThrow(expect.objectContaining({ code: 'STORE_VERSION' }))
})

test('a transaction that throws leaves nothing', () => {
  const db = openStore(join(folder, 'provider.sqlite'))
  const settings = createSettings(db)
  const work = (): void => {
    settings.set('providerId', '1000')
    throw new Error('in the middle')
  }
  expect(() => inTransaction(db, work)).toThrow('in the middle')
  expect(settings.get('providerId')).toBeUndefined()
  db.close()
})

test('work under one key waits its turn, also after a failure; other keys do not wait', async () => {
  const lock = createKeyedLock()
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = lock.run('a', async () => {
    await gate.promise
    order.push('first')
    throw new Error('first failed')
  })
  const second = lock.run('a', async () => order.push('second'))
  await lock.run('b', async () => order.push('other'))
  gate.resolve()
  await expect(first).rejects.toThrow('first failed')
  await second
  expect(order).toEqual(['other', 'first', 'second'])
})

test('what is promised counts against the capacity before it is written', () => {
  const space = createSpace({
    diskFreeBytes: () => 1_000_000,
    capacityBytes: () => 1000,
    promisedBytes: () => 900,
    writtenBytes: () => 0,
  })
  expect(space.freeBytes()).toBe(100)
  expect(() => space.require(101)).toThrow(
    expect.objectContaining({ code: 'NO_SPACE', details: { neededBytes: 101, freeBytes: 100 } }),
  )
  space.require(100)
})

test('the reserve of the disk is never sold', () => {
  const options = { capacityBytes: () => undefined, promisedBytes: () => 0, writtenBytes: () => 0 }
  const withReserve = (diskReserveBytes: number) => {
    const config = { homeRoles: volumeRoles, volumes: [], diskReserveBytes }
    const folders = { root: folder, sectors: folder, pieces: folder, staging: folder }
    const volumes = createVolumes(folders, () => config, { homeId: 'here' })
    return () => volumes.freeBytes(0)
  }
  expect(createSpace({ ...options, diskFreeBytes: withReserve(Number.MAX_SAFE_INTEGER) }).freeBytes()).toBe(0)
  expect(createSpace({ ...options, diskFreeBytes: withReserve(0) }).freeBytes()).toBeGreaterThan(0)
})

test('room for work is kept while the work goes on, also when it fails, and takes none of the capacity', async () => {
  const { bavail, bsize } = statfsSync(folder)
  const most = bavail * bsize
  const diskFreeBytes = () => most
  const space = createSpace({
    ...{ diskFreeBytes, capacityBytes: () => 1_000 },
    ...{ promisedBytes: () => 900, writtenBytes: () => 900 },
  })
  const failing = space.during(5_000, async () => {
    await expect(space.during(Number.MAX_SAFE_INTEGER, async () => {})).rejects.toMatchObject({ code: 'NO_SPACE' })
    throw new Error('of the work')
  })
  await expect(failing).rejects.toThrow('of the work')
  expect(await space.during(5_000, async () => space.freeBytes())).toBe(100)
  await space.during(most / 2, async () => {
    await expect(space.during(most * 0.6, async () => {})).rejects.toMatchObject({ code: 'NO_SPACE' })
  })
})
