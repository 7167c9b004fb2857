/** A disk that is damaged in one place costs what lies there, and keeps a provider from nothing else. */
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initChain, runChain } from '@granary/chain/node'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../test/market-kit.ts'
import { changeConfig } from './config.ts'
import { initProvider, type RunningProvider, runProvider } from './main.ts'
import { addVolume } from './operator/volumes.ts'
import { providerFolders } from './storage/folders.ts'

const passphrase = 'for tests only'
let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let provider: RunningProvider | undefined
let volume: string

beforeAll(async () => {
  root = await temporaryHome()
  const { home } = root
  await initChain({ home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home, port: 0 })
  await initProvider({ home, chainUrl: node.url, profile: '2KiB-test', passphrase, light: true })
  volume = join(home, 'volume')
  await mkdir(volume)
  await changeConfig(providerFolders(home).config, await addVolume(home, volume, {}))
})
afterAll(async () => {
  await provider?.stop()
  await node.stop()
  await root.remove()
})

function start(): Promise<RunningProvider> {
  const cacheHome = join(root.home, 'cache')
  return runProvider({ home: root.home, cacheHome, port: 0, libp2pPort: undefined, passphrase })
}

test('a folder that cannot be listed and a manifest that cannot be read are no reason not to start, and are told', async () => {
  provider = await start()
  await provider.stop()
  // Neither can be read whoever asks, as on a disk that fails there.
  await rmdir(join(volume, 'pieces'))
  await writeFile(join(volume, 'pieces'), '')
  await mkdir(join(volume, 'sectors', '7', 'manifest.json'), { recursive: true })
  provider = await start()
  const { alerts } = (await (await fetch(`${provider.url}/healthz`)).json()) as {
    alerts: { code: string; subject: string }[]
  }
  expect(alerts).toContainEqual(expect.objectContaining({ code: 'FOLDER_UNREADABLE', subject: 'pieces' }))
  expect((await fetch(`${provider.url}/v1/info`)).status).toBe(200)
  await rm(join(volume, 'sectors', '7'), { recursive: true })
})
