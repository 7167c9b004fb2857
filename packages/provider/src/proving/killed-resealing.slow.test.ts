/**
 * A provider that is killed while it seals a damaged sector again, or while it puts the new files in the place of the old:
 * started again it ends with the same replica, and the sector is proven.
 */
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { initChain, runChain } from '@granary/chain/node'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import {
  alertsOf,
  beginProvider,
  dealIn,
  type ProviderProcess,
  passphrase,
  startProvider,
  storeDeal,
  until,
} from '../../test/provider-process.ts'
import { initProvider } from '../main.ts'
import { providerFolders } from '../storage/folders.ts'

const UNTIL_MS = 120_000
const LOOK_MS = 5

let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient
let provider: ProviderProcess
let dir: string
let again: string
/** A copy of the sector's folder, sound. */
let sound: string
let replica: Buffer

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  const path = join(root.home, 'chain', 'genesis.json')
  const genesis = JSON.parse(await readFile(path, 'utf8')) as { params: object }
  // It may be faulty for longer than all this takes.
  await writeFile(path, JSON.stringify({ ...genesis, params: { ...genesis.params, faultMaxAge: '36000' } }))
  node = await runChain({ home: root.home, port: 0 })
  chain = createChainClient({ url: node.url })
  await initProvider({ home: root.home, chainUrl: node.url, profile: '8MiB-dev', passphrase, light: true })
  provider = await start()
  const { agreementId } = await storeDeal(chain, provider.url)
  const { sector } = await dealIn(provider.url, agreementId, 'active')
  dir = join(providerFolders(root.home).sectors, String(sector))
  again = join(dir, 'again')
  const isFinal = (): true | undefined => (/finalized/.test(readFileSync(manifest(), 'utf8')) ? true : undefined)
  await until('its layers are gone', async () => (isFinal() && !filesIn(dir).some(isLayer) ? true : undefined))
  await provider.kill()
  sound = join(root.home, 'sound')
  await cp(dir, sound, { recursive: true })
  replica = await readFile(join(dir, 'replica'))
}, 300_000)
afterEach(() => provider.kill())
afterAll(async () => {
  await provider?.kill()
  await node.stop()
  await root.remove()
})

const manifest = (): string => join(dir, 'manifest.json')
const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])
const isLayer = (name: string): boolean => name.startsWith('layer-')

const home = () => ({ home: root.home, cacheHome: join(root.home, 'cache'), chainUrl: node.url })

function start(): Promise<ProviderProcess> {
  return startProvider(home())
}

function damage(): void {
  writeFileSync(
    join(dir, 'replica'),
    replica.map((byte) => byte ^ 0xff),
  )
}

/** Whatever was there, it ends so. */
async function mended(): Promise<void> {
  provider = await start()
  const { url } = provider
  await until(
    'the sector is whole again',
    async () => {
      const isWhole = existsSync(manifest()) && !existsSync(again) && !filesIn(dir).some(isLayer)
      return isWhole && readFileSync(join(dir, 'replica')).equals(replica) ? true : undefined
    },
    UNTIL_MS,
  )
  await until('the alert is over', async () => ((await alertsOf(url)).length === 0 ? true : undefined), UNTIL_MS)
  const sectorsProven = async (): Promise<true | undefined> => {
    const partitions = await chain.partitions(1000)
    return partitions.every(({ sound, sectors }) => sound === 1 && sectors === 1) ? true : undefined
  }
  await until('the chain counts on it again', sectorsProven, UNTIL_MS)
}

test.each<[string, () => boolean]>([
  ['its last layers are made', () => filesIn(again).filter(isLayer).length >= 2],
  ['its trees are made', () => filesIn(again).some((name) => name.startsWith('tree-'))],
])(
  'killed when %s: sealed again after the next start',
  async (_, isThere) => {
    damage()
    // It may come to this before it is ready, and be over it in a tenth of a second.
    const begun = beginProvider(home())
    begun.ready.catch(() => {})
    while (!isThere()) await sleep(LOOK_MS)
    await begun.kill()
    expect(readFileSync(join(dir, 'replica')).equals(replica)).toBe(false)
    await mended()
  },
  UNTIL_MS * 4,
)

test(
  'killed as soon as its old manifest is gone: whole after the next start',
  async () => {
    damage()
    // It may come to this before it is ready.
    const begun = beginProvider(home())
    const { promise: killed, resolve } = Promise.withResolvers<void>()
    begun.ready.catch(() => {})
    const watching = watch(dir, (_event, name) => {
      if (name === 'manifest.json') resolve(begun.kill())
    })
    await killed
    watching.close()
    await mended()
  },
  UNTIL_MS * 4,
)

/** What a kill leaves after each step of the swap, in its order. */
const steps: readonly (readonly [left: string, step: () => Promise<unknown>])[] = [
  ['the old manifest gone', () => rm(manifest())],
  ['the new replica there', () => rename(join(again, 'replica'), join(dir, 'replica'))],
  [
    'its trees there',
    () => Promise.all(['tree-r', 'tree-d'].map((name) => rename(join(again, name), join(dir, name)))),
  ],
  ['its manifest there', () => rename(join(again, 'manifest.json'), manifest())],
]

test.each(steps.map(([left], index) => [left, index + 1] as const))(
  'stopped in the swap with %s: whole after the next start',
  async (_, count) => {
    damage()
    await cp(sound, again, { recursive: true })
    for (const [, step] of steps.slice(0, count)) await step()
    await mended()
  },
  UNTIL_MS * 4,
)
