/** Unsealed pieces that a disk has lost or changed: noticed at the start, while serving and by reading, and made again. */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initChain, runChain } from '@granary/chain/node'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import {
  alertsOf,
  dealIn,
  type ProviderProcess,
  passphrase,
  startProvider,
  storeDeal,
  type TestDeal,
  until,
} from '../../test/provider-process.ts'
import { initProvider } from '../main.ts'
import { providerFolders } from '../storage/folders.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let node: Awaited<ReturnType<typeof runChain>>
let chain: ChainClient
let provider: ProviderProcess
let deals: TestDeal[]

beforeAll(async () => {
  root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  node = await runChain({ home: root.home, port: 0 })
  chain = createChainClient({ url: node.url })
  await initProvider({ home: root.home, chainUrl: node.url, profile: '2KiB-test', passphrase, light: true })
  provider = await start()
  deals = [await storeDeal(chain, provider.url), await storeDeal(chain, provider.url)]
  for (const { agreementId } of deals) await dealIn(provider.url, agreementId, 'active')
}, 300_000)
afterAll(async () => {
  await provider?.kill()
  await node.stop()
  await root.remove()
})

function start(): Promise<ProviderProcess> {
  return startProvider({ home: root.home, cacheHome: join(root.home, 'cache'), chainUrl: node.url })
}

function pathOf({ car }: TestDeal): string {
  return join(providerFolders(root.home).pieces, `${car.pieceCid}.car`)
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[700] = bytes[700]! ^ 1
  await writeFile(path, bytes)
}

async function isSound(deal: TestDeal): Promise<true | undefined> {
  const bytes = await readFile(pathOf(deal)).catch(() => undefined)
  return bytes?.equals(deal.car.bytes) ? true : undefined
}

async function servedWhole({ car }: TestDeal): Promise<boolean> {
  const served = await fetch(`${provider.url}/piece/${car.pieceCid}`)
  const bytes = await served.arrayBuffer().catch(() => new ArrayBuffer(0))
  return Buffer.from(bytes).equals(car.bytes)
}

test('a restart notices a piece that is gone and one that was changed, and both are made again from the replica', async () => {
  await provider.kill()
  await rm(pathOf(deals[0]!))
  await flip(pathOf(deals[1]!))
  provider = await start()
  for (const deal of deals) await until('the piece is there again', () => isSound(deal))
  for (const deal of deals) {
    const alerted = provider.log.find(({ code, subject }) => code === 'PIECE_DAMAGED' && subject === deal.car.pieceCid)
    expect(alerted).toMatchObject({ type: 'alert', hint: expect.any(String) })
    await until('it is served whole', async () => ((await servedWhole(deal)) ? true : undefined))
  }
  await until('the alerts are over', async () => ((await alertsOf(provider.url)).length === 0 ? true : undefined))
}, 300_000)

test('a block that fails while it is served is the beginning of its repair', async () => {
  const [deal] = deals
  await flip(pathOf(deal!))
  expect(await servedWhole(deal!)).toBe(false)
  await until('the piece is there again', () => isSound(deal!))
  expect(await servedWhole(deal!)).toBe(true)
}, 180_000)

test('who asks for a piece that is gone, cut or changed comes again when told to, and gets it', async () => {
  const [deal] = deals
  const { car } = deal!
  const urls = [`/ipfs/${car.rootCid}?format=car`, `/piece/${car.pieceCid}`]
  const damages = [
    { damage: () => rm(pathOf(deal!)), noticedBy: urls[1] },
    { damage: () => truncate(pathOf(deal!), 100), noticedBy: urls[1] },
    { damage: () => flip(pathOf(deal!)), noticedBy: urls[0] },
  ]
  for (const { damage, noticedBy } of damages) {
    await damage()
    const first = await fetch(`${provider.url}${noticedBy}`)
    expect([first.status, first.headers.get('retry-after')]).toEqual([202, '1'])
    expect(await first.json()).toMatchObject({
      error: { code: 'PIECE_UNSEALING', details: { pieceCid: car.pieceCid } },
    })
    for (const url of urls) {
      const served = await until('it is served', async () => {
        const response = await fetch(`${provider.url}${url}`)
        expect([200, 202]).toContain(response.status)
        return response.status === 200 ? Buffer.from(await response.arrayBuffer()) : undefined
      })
      expect(served.equals(car.bytes)).toBe(true)
    }
    expect(await isSound(deal!)).toBe(true)
  }
}, 180_000)

test('with its replica gone too, the piece comes back with the next deal of its client', async () => {
  const [deal] = deals
  await provider.kill()
  await rm(pathOf(deal!))
  await rm(join(providerFolders(root.home).sectors, '1', 'replica'))
  provider = await start()
  const alert = await until('the owner is told', async () =>
    (await alertsOf(provider.url)).find(
      ({ subject, message }) => subject === deal!.car.pieceCid && /cannot be made again/.test(message),
    ),
  )
  expect(alert).toMatchObject({ code: 'PIECE_DAMAGED', hint: expect.stringContaining('granary put --again') })
  const asked = await fetch(`${provider.url}/ipfs/${deal!.car.rootCid}`)
  const { error } = (await asked.json()) as { error: { message: string } }
  expect([asked.status, error]).toEqual([503, expect.objectContaining({ code: 'PIECE_NOT_SEALED' })])
  expect(error.message).toMatch(new RegExp(`piece ${deal!.car.pieceCid} .*sector 1: .*replica is missing`))
  const again = await storeDeal(chain, provider.url, deal!.car)
  expect(await isSound(deal!)).toBe(true)
  await dealIn(provider.url, again.agreementId, 'active')
  await until('the alert is over', async () =>
    (await alertsOf(provider.url)).some(({ subject }) => subject === deal!.car.pieceCid) ? undefined : true,
  )
}, 300_000)
