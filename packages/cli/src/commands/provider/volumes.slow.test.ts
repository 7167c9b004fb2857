/** `provider volumes` of a provider that runs, with a deal in a sector that is proven: moved, lost with its disk, and back. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { initProvider, type RunningProvider, runProvider } from '@granary/provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../../../provider/test/market-kit.ts'
import { dealIn, passphrase, storeDeal, until } from '../../../../provider/test/provider-process.ts'
import { type Devnet, startDevnet } from '../../../../provider/test/start-devnet.ts'
import { granary } from '../../../test/granary.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let home: string
/** The folder of a second disk. */
let disk: string
let provider: RunningProvider
let sector: number
/** Where it was moved to. */
const moved: string[] = []

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
  home = join(root.home, 'a')
  disk = join(root.home, 'disk')
  await mkdir(disk)
  await initProvider({ home, chainUrl: devnet.chain.url, profile: '2KiB-test', passphrase, light: true })
  await volumes('add', disk, '--roles', 'replicas')
  await volumes('add', 'home', '--roles', 'sealing,unsealed')
  const log = (event: object): void => {
    if ('type' in event && event.type === 'volume:moved' && 'to' in event) moved.push(String(event.to))
  }
  const cacheHome = join(root.home, 'cache')
  provider = await runProvider({ home, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs: 0, log })
  const { agreementId } = await storeDeal(devnet.chain, provider.url)
  sector = (await dealIn(provider.url, agreementId, 'active')).sector
}, 120_000)
afterAll(async () => {
  await provider.stop()
  await devnet.stop()
  await root.remove()
})

interface Usage {
  readonly path: string
  readonly capacityBytes: number | null
  readonly weight: number
  readonly freeBytes: number
  readonly isThere: boolean
  readonly bytes: Readonly<Record<'sector' | 'piece' | 'upload', number>>
}

async function volumes<Result>(...args: readonly string[]): Promise<Result> {
  const { code, stdout, stderr } = await granary(['provider', 'volumes', ...args, '--home', home, '--json'])
  if (code !== 0) throw new Error(stdout + stderr)
  return JSON.parse(stdout).data
}

/** As the chain has it. */
async function stateOf(): Promise<string> {
  return (await devnet.chain.sector(provider.providerId, sector)).state
}

const du = (path: string): number => Number(execFileSync('du', ['-s', '-B1', path]).toString().split('\t')[0])

test('a sector that is proven lies on the volume for replicas, and usage is that of du', async () => {
  await until('it has been moved', async () => existsSync(join(disk, 'sectors', `${sector}`)) || undefined)
  const { volumes: found } = await volumes<{ volumes: Usage[] }>('list')
  for (const { path, bytes } of found)
    for (const [kind, folder] of [
      ['sector', 'sectors'],
      ['piece', 'pieces'],
    ] as const) {
      const counted = du(join(path, folder))
      expect(Math.abs(bytes[kind] - counted)).toBeLessThanOrEqual(counted / 100)
    }
  expect((await granary(['provider', 'volumes', '--home', home])).stdout).toContain(disk)
  const { code } = await granary(['provider', 'proving', 'check', `${sector}`, '--home', home])
  expect(code).toBe(0)
})

test('a volume that vanishes has its sector declared, and one that comes back has it proven again', async () => {
  await rename(disk, `${disk}.gone`)
  await until('it is declared', async () => ((await stateOf()) === 'faulty' ? true : undefined))
  const { volumes: found } = await volumes<{ volumes: Usage[] }>('list')
  expect(found.find(({ path }) => path === disk)).toMatchObject({ isThere: false })
  expect((await granary(['provider', 'alerts', '--home', home])).stdout).toContain('VOLUME_AWAY')
  await expect(volumes('detach', disk)).rejects.toThrow('VOLUME_REFUSED')
  // Nothing was written where the disk is to be.
  expect(existsSync(disk)).toBe(false)
  await rename(`${disk}.gone`, disk)
  await until('it counts again', async () => ((await stateOf()) === 'active' ? true : undefined))
  expect((await granary(['provider', 'alerts', '--home', home])).stdout).not.toContain('VOLUME_AWAY')
})

test('a volume that is drained gives what it has to another one, and stays until that is removed', async () => {
  await volumes('add', 'home')
  await volumes('drain', disk)
  await until('it has been moved', async () => (moved.length === 2 ? true : undefined), 50_000)
  expect(moved).toEqual([join(disk, 'sectors', `${sector}`), join(home, 'provider', 'sectors', `${sector}`)])
  await expect(volumes('detach', disk)).rejects.toThrow('VOLUME_REFUSED')
  expect(await stateOf()).toBe('active')
})

test('a volume takes what its capacity leaves, and one that is lost for good has its sector made again elsewhere', async () => {
  const lost = join(root.home, 'lost')
  await mkdir(lost)
  await volumes('add', lost, '--roles', 'replicas', '--capacity', '1', '--weight', '3')
  await volumes('add', 'home', '--roles', 'sealing,unsealed')
  const lying = join(lost, 'sectors', `${sector}`)
  await until('it has been moved', async () => existsSync(lying) || undefined)
  const { volumes: found } = await volumes<{ volumes: Usage[] }>('list')
  const usage = found.find(({ path }) => path === lost)!
  expect(usage).toMatchObject({ capacityBytes: 1024 ** 3, weight: 3 })
  expect(usage.freeBytes).toBeLessThan(1024 ** 3)

  await rename(lost, `${lost}.gone`)
  await until('it is declared', async () => ((await stateOf()) === 'faulty' ? true : undefined))
  await expect(volumes('detach', lost)).rejects.toThrow('say --lost')
  await volumes('add', 'home')
  await volumes('detach', lost, '--lost')
  await until('it is sealed anew and counts again', async () => ((await stateOf()) === 'active' ? true : undefined))
  expect(existsSync(join(home, 'provider', 'sectors', `${sector}`))).toBe(true)
  // That its partition was proven late is over with its next proof, or at the next look after it; what was set aside stays.
  await until('nothing is said of the volume or the sector any more', async () => {
    const { stdout } = await granary(['provider', 'alerts', '--home', home])
    return !/VOLUME_AWAY|SECTOR_DAMAGED|PARTITION_FAULTY|PROOF_LATE/.test(stdout) || undefined
  })
}, 120_000)
