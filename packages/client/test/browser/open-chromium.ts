/** A real browser, Debian's chromium, which .ci/install-programs installs; and pages of bundled sources for it. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, chromium } from 'playwright-core'
import { serve } from '../serve.ts'

export interface PageServer extends AsyncDisposable {
  readonly url: string
}

const CHROMIUM = '/usr/bin/chromium'

export const hasChromium: boolean = existsSync(CHROMIUM)

export async function openChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  })
}

/** A page that has what a module exports as `page`. */
export async function servePage(module: URL): Promise<PageServer> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(module)],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'page',
    conditions: ['@granary/source'],
    alias: { '@jest/globals': fileURLToPath(new URL('jest-globals.ts', import.meta.url)) },
    logLevel: 'silent',
  })
  const script = outputFiles[0]!.text.replaceAll('</script', '<\\/script')
  const html = `<!doctype html><meta charset="utf-8"><script>${script}</script>`
  return await serve((_request, response) => response.setHeader('Content-Type', 'text/html').end(html))
}
