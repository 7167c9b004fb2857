/** A file stored and fetched by a page in a real browser: Debian's chromium, which .ci/run installs. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { accountSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import type * as browserPage from './browser-page.ts'
import { fileOf, type Market, startMarket } from './story.ts'

const CHROMIUM = '/usr/bin/chromium'
const FILE_BYTES = 300_000
const KEY = new Uint8Array(32).fill(11)

declare const granary: typeof browserPage

const here = existsSync(CHROMIUM)
const suite = here ? describe : describe.skip
suite(here ? 'in chromium' : `in chromium, which is not at ${CHROMIUM}: install Debian's package`, () => {
  let market: Market
  let browser: Browser
  let server: Server
  let page: Page
  const faults: string[] = []

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('browser-page.ts', import.meta.url))],
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      globalName: 'granary',
      conditions: ['@granary/source'],
      logLevel: 'silent',
    })
    const html = `<!doctype html><meta charset="utf-8"><script>${outputFiles[0]!.text.replaceAll('</script', '<\\/script')}</script>`
    server = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end(html))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    market = await startMarket()
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
    })
    page = await browser.newPage()
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    server?.close()
    await market?.bench.close()
  })

  test('a page puts a file and gets it back, through the main entry of the client alone', async () => {
    const bytes = readFileSync(fileOf(market.bench, 'page.bin', FILE_BYTES))
    await market.client.faucet(accountSigner(KEY).address)
    const { durationMin = 0 } = (await Array.fromAsync(market.client.providers()))[0]?.ask ?? {}
    const input = {
      chainUrl: market.chain.url,
      key: [...KEY],
      base64: bytes.toString('base64'),
      duration: { ms: (durationMin + 600) * (await market.client.status()).blockTimeMs },
    }
    const stored = await page.evaluate(async ({ chainUrl, key, base64, duration }) => {
      const file = new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))])
      return granary.put(chainUrl, Uint8Array.from(key), file, duration)
    }, input)
    expect(stored.steps.at(-1)).toBe('active')
    expect((await market.client.deal(stored.dealId)).state).toBe('active')
    const digest = await page.evaluate(
      ({ chainUrl, key, rootCid }) => granary.get(chainUrl, Uint8Array.from(key), rootCid),
      { ...input, rootCid: stored.rootCid },
    )
    expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(faults).toEqual([])
  }, 180_000)
})
