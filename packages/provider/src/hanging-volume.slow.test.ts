/** A provider as a process, with a volume whose disk hangs: the record of the volume becomes a pipe that nobody writes to. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { mkdir, open, rename, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { initChain, runChain } from '@granary/chain/node'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../test/market-kit.ts'
import { changeConfig, readConfig } from './config.ts'
import { initProvider } from './main.ts'
import { askProvider, reloadConfig } from './operator/index.ts'
import { addVolume } from './operator/volumes.ts'
import { providerFolders } from './storage/folders.ts'

const passphrase = 'for tests only'
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let child: ChildProcess
let url: string
let volume: string

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
  await initProvider({ home: root.home, chainUrl: node.url, profile: '8MiB-dev', passphrase, light: true })
  volume = join(root.home, 'volume')
  await mkdir(volume)
  await changeConfig(providerFolders(root.home).config, await addVolume(root.home, volume, {}))
  const options = { home: root.home, cacheHome: join(root.home, 'cache'), port: 0, passphrase }
  const program = join(import.meta.dirname, '..', 'test', 'run-provider.ts')
  const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']
  child = spawn(process.execPath, [...flags, program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: child.stdout! }), 'line')
  url = JSON.parse(String(line)).url
})
afterAll(async () => {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  await node.stop()
  await root.remove()
})

/** Of the alerts that stand, how many say that a volume is away; an answer that does not come fails the test. */
async function awayNow(): Promise<number> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000) })
  const { alerts } = (await response.json()) as { alerts: { code: string; subject: string }[] }
  return alerts.filter(({ code, subject }) => code === 'VOLUME_AWAY' && subject === basename(volume)).length
}

test('a volume that hangs is away, while the others are served; it is back when it answers', async () => {
  expect(await awayNow()).toBe(0)
  const record = join(volume, 'volume.json')
  const kept = join(root.home, 'kept.json')
  execFileSync('mkfifo', [join(root.home, 'fifo')])
  await rename(record, kept)
  await rename(join(root.home, 'fifo'), record)
  while ((await awayNow()) === 0) await sleep(200)
  // Whoever is told of it changes the configuration, as a rule.
  await askProvider(providerFolders(root.home).admin, reloadConfig)
  expect(await awayNow()).toBe(1)
  // Waits until the provider's thread has it open, and then ends what that thread reads.
  const file = await open(record, constants.O_WRONLY)
  await rename(kept, record)
  await file.close()
  while ((await awayNow()) === 1) await sleep(200)
})

/** A program of its own, which has to end although the disk does not answer. */
async function provide(...args: readonly string[]): Promise<{ readonly code: unknown; readonly stdout: string }> {
  const program = join(import.meta.dirname, '..', '..', 'cli', 'bin', 'granary.js')
  const command = spawn(process.execPath, [program, 'provider', ...args, '--home', root.home, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [stdout, [code]] = await Promise.all([text(command.stdout), once(command, 'exit')])
  return { code, stdout }
}

test('a volume that hangs is listed as away, is not forgotten unasked, and is when it is said to be lost', async () => {
  execFileSync('mkfifo', [join(root.home, 'fifo')])
  await rename(join(root.home, 'fifo'), join(volume, 'volume.json'))
  const listed = JSON.parse((await provide('volumes')).stdout).data.volumes
  expect(listed).toContainEqual(expect.objectContaining({ path: volume, isThere: false }))
  const link = join(root.home, 'link')
  await symlink(volume, link)
  for (const named of [volume, link])
    expect(JSON.parse((await provide('volumes', 'detach', named)).stdout).error).toMatchObject({
      code: 'VOLUME_REFUSED',
    })
  expect(JSON.parse((await provide('volumes', 'add', volume)).stdout).error).toMatchObject({
    code: 'VOLUME_REFUSED',
    message: expect.stringContaining('does not answer'),
  })
  expect(await provide('volumes', 'detach', volume, '--lost')).toMatchObject({ code: 0 })
  expect((await readConfig(providerFolders(root.home).config)).volumes).toEqual([])
  while ((await awayNow()) === 1) await sleep(200)
}, 120_000)
