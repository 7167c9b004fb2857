/** Volumes that are mounted twice, or become read-only, as only a mount namespace of its own allows it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { changeConfig, writeConfig } from '../config.ts'
import { providerFolders } from '../storage/folders.ts'
import { addVolume } from './volumes.ts'

const unshare = ['--user', '--map-root-user', '--mount']
const mountable = spawnSync('unshare', [...unshare, 'true']).status === 0
const suite = mountable ? describe : describe.skip
const missing = mountable ? '' : ': unshare is not allowed to mount anything here'

let home: string
let disk: string
beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'granary-mounts-')))
  disk = join(home, 'disk')
  for (const folder of ['provider', 'disk', 'again']) await mkdir(join(home, folder))
  const { config } = providerFolders(home)
  const owner = `0x${'01'.repeat(20)}` as const
  await writeConfig(config, { schemaVersion: 1, chainUrl: 'http://127.0.0.1:7460', profile: '2KiB-test', owner })
  await changeConfig(config, await addVolume(home, disk, {}))
})
afterAll(() => rm(home, { recursive: true }))

/** What `volumes add` says of a folder that is also at another path. */
function addedAgain(folder: string): string {
  const program = `
    const { addVolume } = await import(${JSON.stringify(new URL('volumes.ts', import.meta.url).href)})
    const said = await addVolume(${JSON.stringify(home)}, ${JSON.stringify(join(home, 'again'))}, {}).then(
      ({ volumes }) => volumes.map(({ path }) => path).join(),
      ({ code, message }) => code + ' ' + message)
    process.stdout.write(said)`
  const node = [process.execPath, '--conditions=@granary/source', '--input-type=module', '-e', program]
  const mounted = ['sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', folder, join(home, 'again'), ...node]
  return execFileSync('unshare', [...unshare, ...mounted], { encoding: 'utf8' })
}

suite(`disks as a mount shows them${missing}`, () => {
  test('one disk that is mounted at two paths is one volume, at the path that was named last', () => {
    expect(addedAgain(disk)).toBe(join(home, 'again'))
  })

  test.each([
    ['of a volume', () => join(disk, 'sectors')],
    ['of the home', () => join(home, 'provider')],
  ])('a folder %s that is mounted once more is no volume', async (_, folder) => {
    expect(addedAgain(folder())).toMatch(/^VOLUME_REFUSED .* mounted once more$/)
    expect(await readdir(join(disk, 'sectors'))).toEqual([])
  })

  test('a disk that becomes read-only while it is used takes nothing more, and what is on it is read', () => {
    const program = `
    const { createVolumes } = await import(${JSON.stringify(new URL('../storage/create-volumes.ts', import.meta.url).href)})
    const { makeVolume } = await import(${JSON.stringify(new URL('../storage/volume-record.ts', import.meta.url).href)})
    const { providerFolders } = await import(${JSON.stringify(new URL('../storage/folders.ts', import.meta.url).href)})
    const { execFileSync } = await import('node:child_process')
    const { writeFileSync } = await import('node:fs')
    const path = ${JSON.stringify(join(home, 'again'))}
    const { id } = await makeVolume(path, '0x01', 'here')
    const config = { homeRoles: [], volumes: [{ path, id, roles: ['unsealed'], weight: 1 }], diskReserveBytes: 0 }
    const volumes = createVolumes(providerFolders(${JSON.stringify(home)}), () => config, { homeId: 'here' })
    const piece = (pieceCid) => ({ kind: 'piece', pieceCid })
    const room = await volumes.reserve(piece('baga'), 'unsealed', 1)
    writeFileSync(room.path, 'x')
    execFileSync('mount', ['-o', 'remount,ro', path])
    const refused = await volumes.reserve(piece('bagb'), 'unsealed', 1).catch(({ code }) => code)
    const { why } = volumes.heldBack()[0]
    process.stdout.write([refused, why, volumes.away().length, volumes.freeBytes(0), volumes.pathOf(piece('baga'))].join())`
    const node = [process.execPath, '--conditions=@granary/source', '--input-type=module', '-e', program]
    const mounted = ['sh', '-c', 'mount -t tmpfs -o size=16m tmpfs "$0" && exec "$@"', join(home, 'again'), ...node]
    const said = execFileSync('unshare', [...unshare, ...mounted], { encoding: 'utf8' })
    expect(said).toBe(`DISK_FULL,read-only,0,0,${join(home, 'again', 'pieces', 'baga.car')}`)
  })

  test.each([
    ['is read-only', "execFileSync('mount', ['-o', 'remount,ro', path])", "'here'"],
    [
      "has never been this home's and is full",
      'execFileSync("sh", ["-c", "head -c 2M /dev/zero > $0/filling || true", path], { stdio: "ignore" })',
      'undefined',
    ],
  ])('a start goes on beside a volume that %s: what is over stays on it', (_, fault, before) => {
    const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
    const program = `
    const { createVolumes } = await import(${source('../storage/create-volumes.ts')})
    const { makeVolume } = await import(${source('../storage/volume-record.ts')})
    const { providerFolders } = await import(${source('../storage/folders.ts')})
    const { createPieceFiles } = await import(${source('../deals/piece-files.ts')})
    const { createKeyedLock } = await import(${source('../storage/keyed-lock.ts')})
    const { execFileSync } = await import('node:child_process')
    const { readdirSync, writeFileSync } = await import('node:fs')
    const path = ${JSON.stringify(join(home, 'again'))}
    const { id } = await makeVolume(path, '0x01', ${before})
    for (const name of ['baga', 'unknown']) writeFileSync(path + '/pieces/' + name + '.car', 'x')
    ${fault}
    const config = { homeRoles: [], volumes: [{ path, id, roles: ['unsealed'], weight: 1 }], diskReserveBytes: 0 }
    const volumes = createVolumes(providerFolders(${JSON.stringify(home)}), () => config, { homeId: 'here' })
    const deals = { stagedPieces: () => [], pieceCids: () => ['baga'], dropPieceIfUnused: () => true }
    const files = createPieceFiles({ volumes, deals, uploads: { all: () => [] }, lock: createKeyedLock() })
    await files.placeAll()
    await volumes.dropUnfinished()
    await files.recover()
    await files.dropIfUnused('baga', async () => {})
    const left = readdirSync(path + '/pieces').toSorted()
    process.stdout.write([...left, volumes.heldBack().map(({ why }) => why)].join())`
    const node = [process.execPath, '--conditions=@granary/source', '--input-type=module', '-e', program]
    const mounted = ['sh', '-c', 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"', join(home, 'again'), ...node]
    const said = execFileSync('unshare', [...unshare, ...mounted], { encoding: 'utf8' })
    expect(said).toBe('baga.car,unknown.car,read-only')
  })
})
