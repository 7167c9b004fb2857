/** A provider that is backed up, loses its disk's folder, and is restored; and backups that are not to be trusted. */
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { dealIn, type ProviderProcess, passphrase, startProvider, storeDeal } from '../../test/provider-process.ts'
import { type Devnet, startDevnet } from '../../test/start-devnet.ts'
import { changeConfig, readConfig } from '../config.ts'
import { initProvider } from '../main.ts'
import { addVolume } from '../operator/volumes.ts'
import { makeFolders, providerFolders } from '../storage/folders.ts'
import { openStore } from '../storage/open-store.ts'
import { createSettings } from '../storage/settings.ts'
import { backupProvider, restoreProvider } from './backup.ts'
import { rebuildProvider } from './rebuild-store.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let home: string
let backup: string
/** Where the disk is on which all of its sectors and pieces lie. */
let disk: string
let provider: ProviderProcess
let deal: { agreementId: string }
const start = () => startProvider({ home, cacheHome: join(root.home, 'cache'), chainUrl: devnet.chain.url })

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(join(root.home, 'chain'))
  home = join(root.home, 'a')
  backup = join(root.home, 'backups', 'first')
  await initProvider({ home, chainUrl: devnet.chain.url, profile: '2KiB-test', passphrase, light: true })
  disk = join(root.home, 'disk')
  await mkdir(disk)
  await changeConfig(providerFolders(home).config, { ...(await addVolume(home, disk, {})), homeRoles: [] })
  provider = await start()
  deal = await storeDeal(devnet.chain, provider.url)
  await dealIn(provider.url, deal.agreementId, 'active')
}, 120_000)
afterAll(async () => {
  await provider?.kill()
  await devnet?.stop()
  await root.remove()
})

test('a provider that runs is not backed up: its store is its own', async () => {
  await expect(backupProvider(home, backup)).rejects.toMatchObject({ code: 'HOME_LOCKED' })
  await expect(stat(backup)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await readdir(join(root.home, 'backups'))).toEqual([])
})

test('keys, configuration and store come back, and the provider goes on with its sectors', async () => {
  await provider.kill()
  const { files } = await backupProvider(home, backup)
  expect(files).toEqual(expect.arrayContaining(['config.json', 'keystore.json', 'session.json', 'provider.sqlite']))
  for (const name of files) expect((await stat(join(backup, name))).mode & 0o777).toBe(0o600)
  await expect(backupProvider(home, backup)).rejects.toMatchObject({ code: 'BACKUP_REFUSED' })
  // All is lost but what lies on the large disk, and that is mounted elsewhere now.
  const { root: folder, pieces, sectors } = providerFolders(home)
  await rename(pieces, join(root.home, 'pieces'))
  await rename(sectors, join(root.home, 'sectors'))
  await rm(folder, { recursive: true })
  await rename(disk, `${disk}-elsewhere`)
  expect((await restoreProvider(home, backup)).volumesAway).toEqual([disk])
  disk = `${disk}-elsewhere`
  await changeConfig(providerFolders(home).config, await addVolume(home, disk, {}))
  for (const [name, path] of [['pieces', pieces] as const, ['sectors', sectors] as const]) {
    await rm(path, { recursive: true })
    await rename(join(root.home, name), path)
  }
  provider = await start()
  await dealIn(provider.url, deal.agreementId, 'active')
  const again = await storeDeal(devnet.chain, provider.url)
  await dealIn(provider.url, again.agreementId, 'active')
  expect([await readdir(join(disk, 'sectors')), (await readdir(join(disk, 'pieces'))).length]).toEqual([['1', '2'], 2])
}, 120_000)

test('nothing that is there is overwritten, and a store that is behind is not started with', async () => {
  await provider.kill()
  const { database, ownerKey } = providerFolders(home)
  const key = await readFile(ownerKey)
  await expect(restoreProvider(home, backup)).rejects.toMatchObject({ code: 'BACKUP_REFUSED' })
  expect(await readFile(ownerKey)).toEqual(key)
  for (const suffix of ['', '-wal', '-shm']) await rm(`${database}${suffix}`, { force: true })
  // What has changed since the backup.
  for (const name of ['readiness', 'config'] as const) await rm(providerFolders(home)[name], { force: true })
  await rename(providerFolders(home).homeRecord, join(root.home, 'home.json'))
  await restoreProvider(home, backup)
  await expect(start()).rejects.toMatchObject({ code: 'STORE_LOST', message: expect.stringContaining('behind') })
}, 120_000)

test('a volume of a home that is gone is taken over by a rebuild, and that home has it no more', async () => {
  const other = join(root.home, 'other')
  const [lost, found] = [providerFolders(home), providerFolders(other)]
  await makeFolders(found)
  for (const name of ['config', 'ownerKey', 'sessionKey'] as const) await copyFile(lost[name], found[name])
  await changeConfig(found.config, { volumes: [] })
  const rebuild = (takeOver: string[]) =>
    rebuildProvider({ home: other, passphrase, chainUrl: devnet.chain.url, takeOver })
  const { pieces } = await rebuild([])
  expect([pieces.found, pieces.missing.length]).toEqual([0, 2])
  await expect(addVolume(other, disk, {})).rejects.toMatchObject({ code: 'VOLUME_FOREIGN' })
  expect((await rebuild([disk])).pieces).toEqual({ found: 2, missing: [] })
  // It comes back all the same.
  for (const suffix of ['', '-wal', '-shm']) await rm(`${lost.database}${suffix}`, { force: true })
  await copyFile(found.database, lost.database)
  await changeConfig(lost.config, { volumes: (await readConfig(found.config)).volumes })
  const record = JSON.parse(await readFile(found.homeRecord, 'utf8'))
  const db = openStore(lost.database)
  createSettings(db).set('homeId', 'the-lost-one')
  db.close()
  await writeFile(lost.homeRecord, JSON.stringify({ ...record, homeId: 'the-lost-one' }))
  await expect(start()).rejects.toMatchObject({ code: 'VOLUME_FOREIGN', message: expect.stringContaining(disk) })
}, 120_000)

test('a backup that is half there, or was changed, restores nothing', async () => {
  const other = join(root.home, 'b')
  const key = join(backup, 'keystore.json')
  const bytes = await readFile(key)
  await chmod(key, 0o600)
  await writeFile(key, '{}')
  await expect(restoreProvider(other, backup)).rejects.toMatchObject({ code: 'BACKUP_INVALID' })
  await rm(key)
  await expect(restoreProvider(other, backup)).rejects.toMatchObject({ code: 'BACKUP_INVALID' })
  await writeFile(key, bytes)
  await rm(join(backup, 'backup.json'))
  await expect(restoreProvider(other, backup)).rejects.toMatchObject({ code: 'BACKUP_INVALID' })
  await expect(stat(join(other, 'provider'))).rejects.toMatchObject({ code: 'ENOENT' })
})
