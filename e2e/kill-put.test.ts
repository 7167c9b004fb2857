/**
 * A put as a person gives it: its price before it is paid, and kill −9 at random: whatever it was doing, the same command again
 * makes one deal, of the same root, with all bytes.
 */
import { join } from 'node:path'
import { createGranary } from '@granary/client/node'
import { accountSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { envelope } from './harness.ts'
import { killPut } from './kill-puts.ts'
import { createSeeded } from './seeded.ts'
import { fileOf, type Market, startMarket, succeeded } from './story.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket({ quick: true })
}, 60_000)
afterAll(() => market.bench.close())

test('eight puts that are killed, each at another step, are paid once and complete', async () => {
  const chance = createSeeded(12)
  const put = (index: number) => killPut(market, index, chance)
  const killed = (await Promise.all([0, 2, 4, 6].map(put))).concat(await Promise.all([1, 3, 5, 7].map(put)))
  for (const { moment, rootBefore, data, dealIds, isBack } of killed) {
    expect({ moment, dealIds, isBack }).toEqual({ moment, dealIds: [data.dealId], isBack: true })
    if (rootBefore !== undefined) expect(rootBefore).toBe(data.rootCid)
  }
}, 120_000)

test('a node elsewhere that calls itself a devnet gets nothing spent unasked, and a key that is named neither', async () => {
  const { bench, chain, client } = market
  const path = fileOf(bench, 'unasked.bin', 50_000)
  const { data } = envelope<{ rootCid: string }>(
    succeeded(await bench.runHere(['quote', path, '--chain', chain.url, '--json'])),
  )
  const passphrase = join(bench.home, 'client', 'passphrase')
  const elsewhere = chain.url.replace('127.0.0.1', '0.0.0.0')
  for (const url of [elsewhere, chain.url]) {
    const run = await bench.runHere(['put', path, '--chain', url, '--json', '--passphrase-file', passphrase])
    expect([run.code, envelope<unknown>(run).error?.code]).toEqual([2, 'SPENDING_UNCONFIRMED'])
  }
  const signer = accountSigner(new Uint8Array(32).fill(5))
  const granary = createGranary({ chain: elsewhere, signer, folder: join(bench.home, 'sdk') })
  await expect(granary.put(path)).rejects.toMatchObject({ code: 'SPENDING_UNCONFIRMED' })
  expect(await Array.fromAsync(client.deals({ rootCid: data.rootCid }))).toEqual([])
}, 120_000)

test('a price is shown before it is paid, and what is above the bound or has no second provider pays nothing', async () => {
  const { bench, chain, client } = market
  const path = fileOf(bench, 'priced.bin', 50_000)
  const run = (...args: string[]) => bench.runHere([...args, '--chain', chain.url])
  const { data } = envelope<{ rootCid: string; total: string }>(succeeded(await run('quote', path, '--json')))
  expect(BigInt(data.total)).toBeGreaterThan(0n)
  expect(succeeded(await run('put', path, '--dry-run')).stdout).toContain('no other is cheaper')
  const above = await run('put', path, '--max-price', '0.000000001', '--json')
  expect([above.code, envelope<unknown>(above).error?.code]).toEqual([4, 'PRICE_ABOVE_MAX'])
  const alone = await run('put', path, '--copies', '2', '--json')
  expect([alone.code, envelope<unknown>(alone).error?.code]).toEqual([5, 'NO_PROVIDER'])
  expect(await Array.fromAsync(client.deals({ rootCid: data.rootCid }))).toEqual([])
  const stored = succeeded(await run('put', path, '--quiet', '--no-wait', '--max-price', `${data.total} attoGRN`))
  expect(stored.stdout).toBe(`${data.rootCid}\n`)
  expect(await Array.fromAsync(client.deals({ rootCid: data.rootCid }))).toHaveLength(1)
}, 120_000)
