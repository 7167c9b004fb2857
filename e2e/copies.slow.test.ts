/**
 * Copies on several providers, one of which is killed in the middle of the put, one stands still through all of it, one is killed
 * between its deal and its proof, and another in the middle of the get: each piece has its copies with different providers, and the content comes back byte for byte.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PutResult, UploadQuote } from '@granary/client'
import { createChainClient } from '@granary/protocol/client'
import { afterEach, expect, test } from '@jest/globals'
import { createWorkbench, envelope, type Workbench } from './harness.ts'
import { fileOf, type Server, sameBytes, succeeded, type Timed } from './story.ts'

let bench: Workbench
afterEach(() => bench.close())

/** Three providers; the first two may be cheaper than the third, all have a home of their own. */
async function startThree() {
  bench = createWorkbench()
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, '--json']))
  const chain = await bench.startChain()
  const start = (name: string) => {
    const args = ['--home', join(bench.home, name)]
    return bench.startProvider({ chainUrl: chain.url, args })
  }
  const providers = [await start('p0'), await start('p1'), await start('p2')]
  return { chain, client: createChainClient({ url: chain.url }), providers, start }
}

function holdersOf({ deals }: PutResult): Map<number, number[]> {
  const holders = new Map<number, number[]>()
  for (const { piece, provider } of deals) holders.set(piece, [...(holders.get(piece) ?? []), provider].sort())
  return holders
}

test('a provider that is killed in the middle of a put is replaced, and that is told', async () => {
  const { chain, client, providers } = await startThree()
  const file = fileOf(bench, 'twice.bin', 20 * 1024 * 1024)
  const putting = bench.start([
    ...['put', file, '--copies', '2', '--no-wait', '--chain', chain.url, '--json', '--progress', 'json'],
  ])
  await putting.line(/"type":"upload:progress"/)
  await providers[0]!.kill9()
  const finished = succeeded(await putting.finished)
  const { data } = envelope<PutResult>(finished)
  expect(finished.stderr).toMatch(/"type":"provider:refused".*"provider":1000/)
  const holders = holdersOf(data)
  expect(holders.size).toBe(3)
  for (const [, ids] of holders) expect(new Set(ids).size).toBe(2)

  // The same again finds all of it, and pays nothing.
  const again = succeeded(await bench.run(['put', file, '--copies', '2', '--no-wait', '--chain', chain.url, '--json']))
  expect(envelope<PutResult>(again).data.deals.map(({ dealId }) => dealId)).toEqual(
    data.deals.map(({ dealId }) => dealId),
  )
  const deals = await Array.fromAsync(client.deals({ rootCid: data.rootCid }))
  expect(deals).toHaveLength(6)
}, 240_000)

test('a put past a provider that stands still is complete with another; when it goes on again nothing is paid twice', async () => {
  const { chain, client, providers } = await startThree()
  const file = fileOf(bench, 'twice.bin', 1 << 20)
  const wanted = [file, '--copies', '2', '--chain', chain.url, '--json']
  const { slots } = envelope<UploadQuote>(succeeded(await bench.run(['quote', ...wanted]))).data
  const stopped = slots[0]!.provider
  // It takes connections, and answers nothing.
  providers[stopped - 1_000]!.process.kill('SIGSTOP')
  const put = ['put', ...wanted, '--no-wait', '--progress', 'json']
  const finished = succeeded(await bench.run(put))
  const { rootCid, deals } = envelope<PutResult>(finished).data
  const others = [1_000, 1_001, 1_002].filter((id) => id !== stopped)
  expect(deals.map(({ provider }) => provider).sort()).toEqual(others)
  expect(finished.stderr).toMatch(new RegExp(`"type":"provider:refused".*"provider":${stopped}\\b`))

  providers[stopped - 1_000]!.process.kill('SIGCONT')
  const paid = async () => {
    const all = await Array.fromAsync(client.deals({ rootCid }))
    const { balance } = await client.account(all[0]!.terms.client as `0x${string}`)
    return { balance, ids: all.map(({ id }) => id).sort() }
  }
  const before = await paid()
  expect(before.ids).toEqual(deals.map(({ dealId }) => dealId).sort())
  const again = succeeded(await bench.run(put))
  expect(envelope<PutResult>(again).data.deals).toMatchObject(deals.map(({ dealId }) => ({ dealId })))
  expect(await paid()).toEqual(before)
}, 240_000)

/** Cheaper than the others, so that it is chosen; it seals late, and lets its deals lapse early where it does not prove them. */
async function startHasty(home: string, chainUrl: string): Promise<Server> {
  const args = ['--home', home, '--seal-after', '15s']
  await (await bench.startProvider({ chainUrl, args: ['--home', home] })).stop()
  const path = join(home, 'provider', 'config.json')
  const config = JSON.parse(readFileSync(path, 'utf8')) as object
  const [view] = await Array.fromAsync(createChainClient({ url: chainUrl }).providers())
  const pricePerGiBEpoch = `${(BigInt(view!.ask!.pricePerGiBEpoch) * 9n) / 10n}`
  writeFileSync(path, JSON.stringify({ ...config, activateWithinMs: 20_000, ask: { pricePerGiBEpoch } }))
  return await bench.startProvider({ chainUrl, args })
}

test('one that is killed between its deal and its proof is told with the date that the money is back, and then replaced, by a put that was killed too', async () => {
  bench = createWorkbench()
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, '--json']))
  const chain = await bench.startChain()
  const client = createChainClient({ url: chain.url })
  const hasty = await startHasty(join(bench.home, 'p0'), chain.url)
  for (const name of ['p1', 'p2']) {
    const args = ['--home', join(bench.home, name), '--seal-after', '0s']
    await bench.startProvider({ chainUrl: chain.url, args })
  }
  const file = fileOf(bench, 'twice.bin', 1024 * 1024)
  const wanted = [file, '--copies', '2', '--chain', chain.url, '--json']
  const { slots, total } = envelope<UploadQuote>(succeeded(await bench.run(['quote', ...wanted]))).data
  const prices = slots.map(({ price }) => BigInt(price)).sort((a, b) => Number(a - b))
  // To the last attoGRN: what was agreed to has room for one that is lost, and this one is replaced by a dearer one.
  const maxPrice = BigInt(total) + prices[1]! - prices[0]!
  const command = ['put', ...wanted, '--progress', 'json', '--max-price', `${maxPrice} attoGRN`]
  const first = bench.start(command)
  await Promise.all([0, 1].map((slot) => first.line(new RegExp(`"type":"published","slot":${slot}`))))
  await hasty.kill9()
  const [away] = await first.line(/\{"type":"provider:away".*/)
  const { provider, dealId, lapsesAt, lapsesAtMs } = JSON.parse(away) as Timed & { dealId: number; provider: number }
  expect(provider).toBe(1000)
  expect(await client.deal(dealId)).toMatchObject({ terms: { provider }, lapsesAt })
  expect(new Date(Number(lapsesAtMs)).getTime()).toBeGreaterThan(Date.now() - 60_000)
  await first.kill9()

  const again = succeeded(await bench.run(command))
  expect(again.stderr).toMatch(/"type":"settled","deals":\[\d+\]/)
  const { deals, rootCid } = envelope<PutResult>(again).data
  expect(deals.map(({ state }) => state)).toEqual(['active', 'active'])
  expect(deals.map((deal) => deal.provider).sort()).toEqual([1001, 1002])
  const all = await Array.fromAsync(client.deals({ rootCid }))
  expect(all).toHaveLength(3)
  expect(all.find(({ id }) => id === dealId)).toMatchObject({ state: 'lapsed', locked: '0' })
}, 240_000)

test('copies that become active are with different providers, and the content outlives one of them in the middle of a get', async () => {
  const { chain, providers } = await startThree()
  const folder = join(bench.home, 'folder')
  mkdirSync(folder)
  for (let n = 0; n < 300; n += 1) writeFileSync(join(folder, `file ${n}.txt`), `the words of file ${n}\n`.repeat(n))
  const file = fileOf(bench, 'twice.bin', 20 * 1024 * 1024)
  const put = async (path: string) =>
    envelope<PutResult>(succeeded(await bench.run(['put', path, '--copies', '2', '--chain', chain.url, '--json']))).data
  const [one, two] = [await put(file), await put(folder)]
  for (const data of [one, two]) for (const [, ids] of holdersOf(data)) expect(new Set(ids).size).toBe(2)

  const out = join(bench.home, 'out.bin')
  const getting = bench.start(['get', one.rootCid, '-o', out, '--chain', chain.url])
  await getting.line(/fetching/)
  await providers[1]!.kill9()
  succeeded(await getting.finished)
  expect(sameBytes(out, file)).toBe(true)
  const back = join(bench.home, 'back')
  succeeded(await bench.run(['get', two.rootCid, '-o', back, '--chain', chain.url]))
  for (const n of [0, 7, 299]) expect(sameBytes(join(back, `file ${n}.txt`), join(folder, `file ${n}.txt`))).toBe(true)
}, 300_000)
