/** The browser's ports keep what ports promise, in a real browser. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { hasChromium, openChromium, servePage } from '../../test/browser/open-chromium.ts'
import type * as portsPage from '../../test/browser/ports-page.ts'
import { fetchTargets } from '../../test/fetch-targets.ts'
import type { Served } from '../../test/serve.ts'

declare const page: typeof portsPage

const suite = hasChromium ? describe : describe.skip
suite(hasChromium ? 'in chromium' : "in chromium, which is not there: install Debian's package", () => {
  let served: Served
  let browser: Browser
  let origin: BrowserContext

  beforeAll(async () => {
    served = await servePage(new URL('../../test/browser/ports-page.ts', import.meta.url))
    browser = await openChromium()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await served?.[Symbol.asyncDispose]()
  })

  /** In the storage of one person's browser, until the next test. */
  async function openPage(): Promise<Page> {
    const tab = await origin.newPage()
    await tab.goto(served.url)
    return tab
  }

  async function inNewStorage<T>(run: () => Promise<T>): Promise<T> {
    origin = await browser.newContext()
    try {
      return await run()
    } finally {
      await origin.close()
    }
  }

  test('every contract of a port holds', async () => {
    await using targets = await fetchTargets()
    const { echo, open } = targets
    const outcomes = await inNewStorage(async () =>
      (await openPage()).evaluate((urls) => page.run(urls), { echo, open }),
    )
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([])
    const ports = new Set(outcomes.map(({ name }) => name.split(':')[0]))
    expect([...ports].sort()).toEqual(
      ['account', 'clock', 'fetch', 'hasher', 'journal', 'lock', 'outbox', 'random', 'sink', 'spool', 'trust'].sort(),
    )
    expect(outcomes.length).toBeGreaterThanOrEqual(24)
  }, 120_000)

  /** The browser gives back what a tab held by way of another process: soon after the tab is gone, not at once. */
  async function freed(take: () => Promise<boolean>): Promise<void> {
    while (!(await take())) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  test('a lock is held among the tabs of an origin, and free when its tab is reloaded or closed', async () => {
    await inNewStorage(async () => {
      const [one, two] = [await openPage(), await openPage()]
      const take = (tab: Page) => tab.evaluate(() => page.takeForEver('x'))
      expect(await take(one)).toBe(true)
      expect(await take(two)).toBe(false)
      await one.reload()
      await freed(() => take(two))
      await two.close()
      await freed(() => take(one))
    })
  }, 60_000)

  test('streams of a page that lives are kept; what a page that is gone has left is removed by the next', async () => {
    await inNewStorage(async () => {
      const [one, two] = [await openPage(), await openPage()]
      const keep = (tab: Page) => tab.evaluate(() => page.keepStream('streams', 3_000_000))
      const files = (tab: Page) => tab.evaluate(() => page.streamFiles('streams'))
      await keep(one)
      await keep(two)
      expect(await files(one)).toHaveLength(2)
      await one.close()
      const three = await openPage()
      await keep(three)
      expect(await files(three)).toHaveLength(2)
      expect(await files(two)).toHaveLength(2)
    })
  }, 60_000)
})
