/** Volumes that are mounted twice, as only a mount namespace of its own allows it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { changeConfig, writeConfig } from '../config.ts'
import { providerFolders } from '../storage/folders.ts'
import { addVolume } from './volumes.ts'

const unshare = ['--user', '--map-root-user', '--mount']
const mountable = spawnSync('unshare', [...unshare, 'true']).status === 0
const onMounts = mountable ? test : test.skip

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

onMounts('one disk that is mounted at two paths is one volume, at the path that was named last', () => {
  expect(addedAgain(disk)).toBe(join(home, 'again'))
})

onMounts.each([
  ['of a volume', () => join(disk, 'sectors')],
  ['of the home', () => join(home, 'provider')],
])('a folder %s that is mounted once more is no volume', async (_, folder) => {
  expect(addedAgain(folder())).toMatch(/^VOLUME_REFUSED .* mounted once more$/)
  expect(await readdir(join(disk, 'sectors'))).toEqual([])
})
