import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { changeConfig, readConfig, writeConfig } from '../config.ts'
import { providerFolders } from '../storage/folders.ts'
import { setAside } from '../storage/set-aside.ts'
import { addVolume, detachVolume } from './volumes.ts'

let home: string
let disk: string
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'granary-disks-')))
  disk = join(home, 'disk')
  for (const folder of [join(home, 'provider'), disk]) await mkdir(folder)
  const owner = `0x${'01'.repeat(20)}` as const
  const given = { schemaVersion: 1 as const, chainUrl: 'http://127.0.0.1:7460', profile: '2KiB-test', owner }
  await writeConfig(providerFolders(home).config, given)
  await add()
})
afterEach(() => rm(home, { recursive: true }))

async function add(): Promise<void> {
  await changeConfig(providerFolders(home).config, await addVolume(home, disk, {}))
}

const known = async () => (await readConfig(providerFolders(home).config)).volumes

test('added again while its disk is not mounted, a volume is not made anew over it', async () => {
  const before = await known()
  await rename(disk, `${disk}.gone`)
  await mkdir(disk)
  await expect(add()).rejects.toMatchObject({ code: 'VOLUME_REFUSED', hint: expect.stringContaining('detach --lost') })
  await rm(disk, { recursive: true })
  await rename(`${disk}.gone`, disk)
  expect(await known()).toEqual(before)
})

test('added again, a volume whose record is damaged has it again', async () => {
  const path = join(disk, 'volume.json')
  const record = await readFile(path, 'utf8')
  await mkdir(join(disk, 'sectors', '1'))
  await writeFile(path, record.slice(0, 20))
  await add()
  expect(await readFile(path, 'utf8')).toBe(record)
})

/** As its first run leaves it. */
async function run(homeId: string): Promise<void> {
  const record = { schemaVersion: 1, homeId, agreements: 0, nextSector: 1 }
  await writeFile(providerFolders(home).homeRecord, JSON.stringify(record))
}

test('a disk that is mounted elsewhere is for what it was for, and its path is the new one', async () => {
  await changeConfig(
    providerFolders(home).config,
    await addVolume(home, disk, { roles: ['replicas'], capacityBytes: 7, weight: 3 }),
  )
  const [before] = await known()
  await rename(disk, `${disk}-elsewhere`)
  await changeConfig(providerFolders(home).config, await addVolume(home, `${disk}-elsewhere`, {}))
  expect(await known()).toEqual([{ ...before, path: `${disk}-elsewhere` }])
})

test('a volume is not let go with what was set aside on it, unless it is said that this may go', async () => {
  await mkdir(join(disk, 'staging'))
  const upload = join(disk, 'staging', 'ab')
  await writeFile(upload, '')
  await expect(detachVolume(home, disk, false)).rejects.toThrow('1 sectors, pieces and uploads are on it')
  const path = await setAside(upload)
  await expect(detachVolume(home, disk, false)).rejects.toMatchObject({
    code: 'VOLUME_REFUSED',
    message: expect.stringContaining(path),
    hint: expect.stringContaining('--lost'),
  })
  expect((await detachVolume(home, disk, true)).changes).toEqual({ volumes: [] })
})

/** Root writes whatever the mode says: for it the file is made immutable, which not every file system knows. */
const isRoot = process.getuid?.() === 0
function setReadOnly(path: string, on: boolean): void {
  if (isRoot) execFileSync('chattr', [on ? '+i' : '-i', path], { stdio: 'ignore' })
  else chmodSync(path, on ? 0o444 : 0o644)
}
function canSetReadOnly(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'granary-read-only-'))
  try {
    writeFileSync(join(folder, 'file'), '')
    for (const on of [true, false]) setReadOnly(join(folder, 'file'), on)
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const readOnly = canSetReadOnly() ? test : test.skip
readOnly(
  'a disk of which nothing can be removed is let go where that is said (root needs chattr +i for it)',
  async () => {
    await mkdir(join(disk, 'sectors', '7'), { recursive: true })
    await expect(detachVolume(home, disk, true)).rejects.toThrow('1 sectors, pieces and uploads are on it')
    const record = join(disk, 'volume.json')
    const text = await readFile(record, 'utf8')
    setReadOnly(record, true)
    try {
      await expect(detachVolume(home, disk, false)).rejects.toMatchObject({ hint: expect.stringContaining('--lost') })
      const { changes, release } = await detachVolume(home, disk, true)
      await release()
      expect([changes, await readFile(record, 'utf8')]).toEqual([{ volumes: [] }, text])
    } finally {
      setReadOnly(record, false)
    }
  },
)

test('a volume that another home of the same owner has is refused, and let go by that one it may be had', async () => {
  await run('one')
  await add()
  await run('two')
  await expect(add()).rejects.toMatchObject({
    code: 'VOLUME_FOREIGN',
    message: expect.stringContaining('of the home one, this is two'),
    hint: expect.stringContaining('granary provider rebuild --volume'),
  })
  // Forgotten by a home that has not got it, it stays that of the other.
  await (await detachVolume(home, disk, false)).release()
  await expect(add()).rejects.toMatchObject({ code: 'VOLUME_FOREIGN' })
  await run('one')
  await (await detachVolume(home, disk, false)).release()
  await run('two')
  await add()
})

test('a volume is named by another path of its folder, too', async () => {
  const link = join(home, 'link')
  await symlink(disk, link)
  expect((await detachVolume(home, link, false)).changes).toEqual({ volumes: [] })
  await expect(detachVolume(home, join(home, 'other'), true)).rejects.toMatchObject({ code: 'VOLUME_UNKNOWN' })
})
