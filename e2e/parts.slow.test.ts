/** A file that is spread over three providers, each part with two of them, comes back while providers are killed. */
import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { get, type PutResult, systemClock } from '@granary/client/node'
import { accountSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { envelope } from './harness.ts'
import { putParts } from './put-parts.ts'
import { fileOf, type Market, type Server, startMarket, succeeded } from './story.ts'

const MIB = 1 << 20
const bytes = new Uint8Array(randomBytes(21 * MIB + 4_321))
let market: Market
let providers: Map<number, Server>
let rootCid: string

beforeAll(async () => {
  market = await startMarket()
  const { bench, chain, client } = market
  const others = await Promise.all(
    ['b', 'c'].map((name) => bench.startProvider({ chainUrl: chain.url, args: ['--home', join(bench.home, name)] })),
  )
  providers = new Map()
  for await (const { id, endpoints } of client.providers())
    providers.set(id, [market.provider, ...others].find(({ url }) => url === endpoints[0])!)
  const ids = [...providers.keys()]
  const account = accountSigner(new Uint8Array(randomBytes(32)))
  await client.faucet(account.address)
  const placesOf = (part: number) => [ids[part % 3]!, ids[(part + 1) % 3]!]
  rootCid = await putParts(market, account, bytes, { pieceSizeMax: 8 * MIB, placesOf })
}, 170_000)
afterAll(() => market?.bench.close())

test('it comes back whole and by ranges, over the command too', async () => {
  const { bench, chain } = market
  const out = join(bench.home, 'out')
  const got = succeeded(await bench.run(['get', rootCid, '-o', out, '--chain', chain.url, '--json']))
  const { bytes: length, report } = envelope<{ bytes: number; report: { provider: number; bytes: number }[] }>(got).data
  expect(length).toBe(bytes.length)
  expect(report.filter((holder) => holder.bytes > 0).length).toBeGreaterThan(1)
  const tail = succeeded(
    await bench.run(['get', rootCid, '-o', out, '--range', `${20 * MIB}-`, '--chain', chain.url, '--json']),
  )
  expect(envelope<{ bytes: number }>(tail).data.bytes).toBe(bytes.length - 20 * MIB)
}, 60_000)

test('a hundred small files in one folder cost one deal', async () => {
  const { bench, chain, client } = market
  const folder = join(bench.home, 'hundred')
  await mkdir(folder)
  for (let file = 0; file < 100; file += 1) await writeFile(join(folder, `${file}.bin`), randomBytes(10 * 1_024))
  const args = ['put', folder, '--chain', chain.url, '--json', '--no-wait', '--progress', 'none']
  const { rootCid, fileBytes, deals } = envelope<PutResult>(succeeded(await bench.run(args))).data
  expect({ fileBytes, deals: deals.length }).toEqual({ fileBytes: 100 * 10 * 1_024, deals: 1 })
  expect(await Array.fromAsync(client.deals({ rootCid }))).toHaveLength(1)
}, 60_000)

test('a file that was put without its name, as earlier releases did, is gone on with so and paid once', async () => {
  const { bench, chain, client } = market
  const file = fileOf(bench, 'report.pdf', 20_000)
  const put = async (...flags: string[]) => {
    const args = ['put', file, '--no-wait', '--chain', chain.url, ...flags]
    const ran = succeeded(await bench.run([...args, '--json']))
    return { ...envelope<PutResult>(ran).data, told: ran.stderr }
  }
  const dealsOf = async ({ rootCid: cid }: PutResult) => (await Array.fromAsync(client.deals({ rootCid: cid }))).length
  const before = await put('--no-wrap')
  expect(before.path).toBe(before.rootCid)
  const { told, ...again } = await put()
  expect(told).toContain('not kept: an earlier put of this file without it goes on')
  expect(again).toMatchObject({ rootCid: before.rootCid, path: before.rootCid, dealId: before.dealId })
  // Without a journal the chain says it.
  await rm(join(bench.home, 'client', 'journal'), { recursive: true })
  expect(await put()).toMatchObject({ rootCid: before.rootCid, dealId: before.dealId })
  expect(await dealsOf(before)).toBe(1)

  const named = await put('--wrap')
  expect(named.path).toBe(`${named.rootCid}/report.pdf`)
  expect(named.rootCid).not.toBe(before.rootCid)
  // Both run now: the one with the name is gone on with, and not a copy of the other is paid for.
  expect(await put()).toMatchObject({ rootCid: named.rootCid, dealId: named.dealId })
  expect(await put('--copies', '2')).toMatchObject({ rootCid: named.rootCid })
  expect([await dealsOf(before), await dealsOf(named)]).toEqual([1, 2])
}, 120_000)

test('a provider that is killed in the middle of the get is followed by another, and not a byte is missing', async () => {
  const { client: chain } = market
  const failed: (number | undefined)[] = []
  const got = await get({ chain, fetch, clock: systemClock }, rootCid, {
    onProgress: (event) => void (event.type === 'provider:failed' && failed.push(event.provider)),
  })
  if (got.type !== 'file') throw new Error(got.type)
  expect(got.size).toBe(bytes.length)
  const parts: Uint8Array[] = []
  let killed: number | undefined
  for await (const part of got.stream()) {
    parts.push(part)
    if (killed !== undefined) continue
    killed = got.report[0]!.provider!
    await providers.get(killed)!.kill9()
  }
  expect(Buffer.concat(parts).equals(bytes)).toBe(true)
  expect(failed).toContain(killed)
  expect(got.report.filter((holder) => holder.provider !== killed && holder.bytes > 0)).toHaveLength(2)
}, 60_000)
