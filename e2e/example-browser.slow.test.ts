/** examples/browser, as a person uses it: a file is dropped, its link opened, and its CID fetched; another is paid by a wallet. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { hasChromium, openChromium } from '../packages/client/test/browser/open-chromium.ts'
import { type TestWallet, testWallet } from '../packages/client/test/test-wallet.ts'
import { fileOf, type Market, startMarket } from './story.ts'

const example = (name: string) => fileURLToPath(new URL(`../examples/browser/${name}`, import.meta.url))

const suite = hasChromium ? describe : describe.skip
suite(hasChromium ? 'in chromium' : "in chromium, which is not there: install Debian's package", () => {
  let market: Market
  let browser: Browser
  let server: Server
  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [example('main.js'), example('wallet.js')],
      outdir: 'out',
      bundle: true,
      write: false,
      format: 'esm',
      conditions: ['@granary/source'],
      nodePaths: [fileURLToPath(new URL('node_modules', import.meta.url))],
      logLevel: 'silent',
    })
    server = createServer(({ url }, response) => {
      const script = outputFiles.find(({ path }) => basename(path) === url?.slice(1))
      const page = url?.startsWith('/wallet.html') ? 'wallet.html' : 'index.html'
      if (script !== undefined) response.setHeader('Content-Type', 'text/javascript').end(script.contents)
      else response.setHeader('Content-Type', 'text/html').end(readFileSync(example(page)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ;[market, browser] = await Promise.all([startMarket(), openChromium()])
  }, 90_000)
  afterAll(async () => {
    await browser?.close()
    server?.close()
    await market?.bench.close()
  })

  test('a dropped file has a CID and a link, and comes back by its CID', async () => {
    const bytes = readFileSync(fileOf(market.bench, 'dropped.bin', 100_000))
    const page = await browser.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?chain=${market.chain.url}`)
    const said = (await page.locator('output').textContent()) ?? ''
    const [, address] = /granary wallet faucet (0x[0-9a-f]{40})/i.exec(said)!
    await market.client.faucet(address as `0x${string}`)

    const dropped = await page.evaluateHandle((base64) => {
      const transfer = new DataTransfer()
      const contents = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      transfer.items.add(new File([contents], 'dropped.bin'))
      return transfer
    }, bytes.toString('base64'))
    await page.dispatchEvent('h1', 'drop', { dataTransfer: dropped })
    const link = page.locator('output a')
    await link.waitFor({ timeout: 60_000 })
    const rootCid = (await link.textContent()) ?? ''
    expect(rootCid).toMatch(/^baf/)
    const served = await fetch((await link.getAttribute('href'))!)
    expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true)

    await page.fill('input', rootCid)
    await page.click('button')
    await page.locator('output a', { hasText: `${bytes.length} bytes` }).waitFor({ timeout: 60_000 })
    const back = await page.evaluate(async () => {
      const file = await fetch(document.querySelector('a')!.href)
      return [...new Uint8Array(await file.arrayBuffer())]
    })
    expect(Buffer.from(back).equals(bytes)).toBe(true)
    expect(faults).toEqual([])
  }, 120_000)

  test('files that are chosen one after the other are put with one question of the wallet', async () => {
    const wallet = testWallet(new Uint8Array(randomBytes(32)))
    await market.client.faucet(wallet.address)
    const page = await browser.newPage()
    await page.exposeFunction('askWallet', (call: Parameters<TestWallet['request']>[0]) => wallet.request(call))
    await page.addInitScript(() => {
      Object.assign(window, { ethereum: { request: Reflect.get(window, 'askWallet') } })
    })
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/wallet.html?chain=${market.chain.url}`)
    for (const name of ['one.bin', 'two.bin']) {
      await page.setInputFiles('input', fileOf(market.bench, name, 30_000))
      await page.locator('output', { hasText: /^baf/ }).waitFor({ timeout: 60_000 })
      await page.evaluate(() => document.querySelector('output')!.replaceChildren())
    }
    expect(wallet.signed.map(({ primaryType }) => primaryType)).toEqual(['AuthorizeKey'])
    expect(await Array.fromAsync(market.client.deals({ client: wallet.address }))).toHaveLength(2)
  }, 120_000)
})
