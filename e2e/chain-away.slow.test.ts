/** The chain's node is killed under a provider: what its owner, and who watches it, are told. */
import { afterEach, expect, test } from '@jest/globals'
import { type Market, startMarket } from './story.ts'

let market: Market
afterEach(() => market.bench.close())

async function answers(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${market.provider.url}${path}`)
  return { status: response.status, text: await response.text() }
}

test('while the chain is dead the provider is neither healthy nor ready, and says why in one line, and its end in another', async () => {
  market = await startMarket()
  const { bench, chain, provider } = market
  expect([(await answers('/healthz')).status, (await answers('/readyz')).status]).toEqual([200, 200])

  await chain.kill9()
  await provider.line(/"level":"alert","time":"[^"]+","type":"alert","code":"CHAIN_UNREACHABLE"/)
  for (const path of ['/healthz', '/readyz'])
    expect([path, await answers(path)]).toEqual([
      path,
      { status: 503, text: expect.stringContaining('CHAIN_UNREACHABLE') },
    ])

  await bench.startChain({ port: Number(new URL(chain.url).port) })
  await provider.line(/"type":"alert:over".*"code":"CHAIN_UNREACHABLE"/)
  expect([(await answers('/healthz')).status, (await answers('/readyz')).status]).toEqual([200, 200])

  const { stderr } = await provider.stop()
  const told = stderr.split('\n').filter((line) => line.includes('CHAIN_UNREACHABLE'))
  expect(told).toEqual([
    expect.stringMatching(/"type":"alert".*"hint":".+","stake":"proofs".*"atStake"/),
    expect.stringContaining('"type":"alert:over"'),
  ])
}, 120_000)
