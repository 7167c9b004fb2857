/**
 * The contract of the client in pages of a real browser, where a kill is a reload, and the account is in a wallet; what the wallet
 * was asked; and a file that is dropped again.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { hasChromium, openChromium, type PageServer, servePage } from '../packages/client/test/browser/open-chromium.ts'
import { type TestWallet, testWallet } from '../packages/client/test/test-wallet.ts'
import { clientContract, type OpenInput } from './client-contract.ts'
import type * as contractPage from './contract-page.ts'
import { fileOf, type Market, startMarket } from './story.ts'

declare const page: typeof contractPage

const MODULE = new URL('contract-page.ts', import.meta.url)

/** A page of its own storage, in which a client lives that is opened again and again. */
interface Tab {
  readonly page: Page
  readonly wallet: TestWallet
  onProgress: ((progress: never) => void) | undefined
  reloading: Promise<unknown>
}

/** With the account opened, so that the first transaction of a put is its own. */
async function openTab(browser: Browser, server: PageServer, wallet: TestWallet, chain: string): Promise<Tab> {
  const context = await browser.newContext()
  const tab: Tab = { page: await context.newPage(), wallet, onProgress: undefined, reloading: Promise.resolve() }
  await tab.page.exposeFunction('askWallet', (call: contractPage.WalletCall) => askedOf(wallet, call))
  await tab.page.exposeFunction('told', (progress: never) => tab.onProgress?.(progress))
  await tab.page.goto(server.url)
  await tab.page.evaluate((given) => page.openAccount(given), { chain })
  return tab
}

async function askedOf(wallet: TestWallet, call: contractPage.WalletCall): Promise<contractPage.WalletAnswer> {
  try {
    return { value: await wallet.request(call) }
  } catch (error) {
    const { code, message } = error as { readonly code: unknown; readonly message: string }
    return { code, message }
  }
}

/** How often its person was asked. */
function questions({ asked }: TestWallet): number {
  return asked.filter((method) => method === 'eth_signTypedData_v4').length
}

/** What a page asks for that changes something goes by way of this fetch. */
async function routeThrough(tab: Page, fetch: OpenInput['fetch'], own: string): Promise<void> {
  await tab.route(
    (url) => !url.href.startsWith(own),
    async (route) => {
      const request = route.request()
      const method = request.method()
      if (method !== 'POST' && method !== 'PATCH') return await route.continue()
      try {
        const body = request.postDataBuffer()
        const response = await fetch(request.url(), {
          method,
          headers: request.headers(),
          body: body === null ? null : new Uint8Array(body),
        })
        await route.fulfill({
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: Buffer.from(await response.arrayBuffer()),
        })
      } catch {
        // The page is gone, or is to find that nobody answers.
        await route.abort().catch(() => undefined)
      }
    },
  )
}

function resultOf<T>(answer: contractPage.Answer<T>): T {
  if ('value' in answer) return answer.value
  throw Object.assign(new Error(answer.error.message), answer.error)
}

if (hasChromium)
  clientContract('in pages', async () => {
    const [server, browser] = await Promise.all([servePage(MODULE), openChromium()])
    const tabs = new Map<string, Promise<Tab>>()
    return {
      async open({ chain, key, fetch, name }) {
        const isNew = !tabs.has(name)
        const opening = tabs.get(name) ?? openTab(browser, server, testWallet(key), chain)
        tabs.set(name, opening)
        const tab = await opening
        await tab.reloading
        await tab.page.unrouteAll({ behavior: 'ignoreErrors' })
        if (!isNew) await tab.page.reload()
        if (fetch !== globalThis.fetch) await routeThrough(tab.page, fetch, server.url)
        const input = { chain }
        return {
          async put(bytes, { signal, onProgress, ...options } = {}) {
            tab.onProgress = onProgress
            signal?.addEventListener('abort', () => {
              tab.reloading = tab.page.reload().catch(() => undefined)
            })
            const base64 = Buffer.from(bytes).toString('base64')
            return resultOf(
              await tab.page.evaluate(([given, source, wanted]) => page.put(given, source, wanted), [
                input,
                base64,
                options,
              ] as const),
            )
          },
          async get(rootCid) {
            const answer = await tab.page.evaluate(([given, cid]) => page.get(given, cid), [input, rootCid] as const)
            return new Uint8Array(Buffer.from(resultOf(answer), 'base64'))
          },
        }
      },
      async close() {
        await browser.close()
        await server[Symbol.asyncDispose]()
      },
    }
  })

const suite = hasChromium ? describe : describe.skip
suite(hasChromium ? 'a page' : "in chromium, which is not there: install Debian's package", () => {
  let market: Market
  let browser: Browser
  let server: PageServer
  beforeAll(async () => {
    ;[market, browser, server] = await Promise.all([startMarket(), openChromium(), servePage(MODULE)])
  }, 90_000)
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    await market?.bench.close()
  })

  test('the wallet of a page is asked once, for copies, for a second put after a reload, and for what comes back', async () => {
    const { bench, chain, client } = market
    await bench.startProvider({ chainUrl: chain.url, args: ['--home', join(bench.home, 'b')] })
    const wallet = testWallet(new Uint8Array(randomBytes(32)))
    await client.faucet(wallet.address)
    const input = { chain: chain.url }
    const tab = await openTab(browser, server, wallet, input.chain)
    const put = (bytes: Uint8Array) =>
      tab.page.evaluate(([given, base64]) => page.put(given, base64, { copies: 2 }), [
        input,
        Buffer.from(bytes).toString('base64'),
      ] as const)
    const one = new Uint8Array(randomBytes(20_000))
    const stored = resultOf(await put(one))
    expect(new Set(stored.deals.map(({ provider }) => provider)).size).toBe(2)
    await tab.page.reload()
    resultOf(await put(new Uint8Array(randomBytes(20_000))))
    const back = resultOf(
      await tab.page.evaluate(([given, cid]) => page.get(given, cid), [input, stored.rootCid] as const),
    )
    expect(Buffer.from(back, 'base64').equals(one)).toBe(true)
    expect(questions(wallet)).toBe(1)
    expect(wallet.signed.map(({ primaryType }) => primaryType)).toEqual(['AuthorizeKey'])
    const deals = await Array.fromAsync(client.deals({ client: wallet.address }))
    expect(deals.map(({ state }) => state)).toEqual(['active', 'active', 'active', 'active'])
  }, 120_000)

  test('whoever says no in the wallet has paid nothing, and says yes the next time', async () => {
    const wallet = testWallet(new Uint8Array(randomBytes(32)))
    await market.client.faucet(wallet.address)
    const { balance } = await market.client.account(wallet.address)
    wallet.answer = () => Promise.reject(Object.assign(new Error('User rejected the request.'), { code: 4001 }))
    const input = { chain: market.chain.url }
    const tab = await openTab(browser, server, wallet, input.chain)
    const open = () => tab.page.evaluate((given) => page.openAccount(given), input)
    wallet.answer = () => Promise.reject(Object.assign(new Error('User rejected the request.'), { code: 4001 }))
    expect(await open()).toMatchObject({ error: { code: 'WALLET_REFUSED' } })
    expect((await market.client.account(wallet.address)).balance).toBe(balance)
    const key = resultOf(await open())
    expect(await Array.fromAsync(market.client.sessionKeys(wallet.address))).toMatchObject([{ publicKey: key }])
  }, 60_000)

  test('dropped again after a reload in the middle of its upload, a file is sent on from where the provider has it', async () => {
    const wallet = testWallet(new Uint8Array(randomBytes(32)))
    await market.client.faucet(wallet.address)
    const path = fileOf(market.bench, 'dropped.bin', 3_000_000)
    const input = { chain: market.chain.url }
    const tab = await openTab(browser, server, wallet, input.chain)
    const choose = async () => {
      await tab.page.evaluate(() => page.showField())
      await tab.page.setInputFiles('input', path)
    }
    const putChosen = () => tab.page.evaluate((given) => page.put(given, 'the chosen file', {}), input)

    /** Bytes of the CAR that the provider has acknowledged, in the order of the requests. */
    const taken: { from: number; to: number }[] = []
    let reloadAt = 2
    const line: OpenInput['fetch'] = async (url, init) => {
      if (init?.method === 'PATCH' && taken.length === reloadAt) {
        tab.reloading = tab.page.reload()
        throw new Error('the page is being reloaded')
      }
      const response = await fetch(url, init)
      if (init?.method === 'PATCH')
        taken.push({
          from: Number(new Headers(init.headers).get('upload-offset')),
          to: Number(response.headers.get('upload-offset')),
        })
      return response
    }
    await routeThrough(tab.page, line, server.url)
    await choose()
    await expect(putChosen()).rejects.toThrow()
    await tab.reloading
    expect(taken).toHaveLength(2)
    reloadAt = Number.POSITIVE_INFINITY
    await choose()
    const stored = resultOf(await putChosen())
    const [{ payloadSize = 0 } = {}] = await Array.fromAsync(market.client.deals({ client: wallet.address })).then(
      (deals) => deals.map(({ terms }) => terms),
    )
    // Each begins where the one before it ended: nothing is sent twice, across the reload too.
    expect(taken.map(({ from }) => from)).toEqual([0, ...taken.slice(0, -1).map(({ to }) => to)])
    expect(taken.at(-1)!.to).toBe(payloadSize)
    const deals = await Array.fromAsync(market.client.deals({ rootCid: stored.rootCid }))
    expect(deals).toMatchObject([{ state: 'active' }])
  }, 120_000)
})
