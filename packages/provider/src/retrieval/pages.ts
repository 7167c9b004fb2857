/** What people see of content that is no file: a directory's entries, an object's text. Names and text are a stranger's. */
import { createHash } from 'node:crypto'
import type { DagPath, Listing } from './dag-reader.ts'

/** Where a page is seen: `base` is the path of this provider's address, empty for most. */
export interface PagePlace extends DagPath {
  readonly base: string
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}' +
  'table{width:100%;border-collapse:collapse}td{padding:.25rem .5rem .25rem 0;overflow-wrap:anywhere}' +
  '.ipfs-hash{font:13px monospace;opacity:.7}pre{white-space:pre-wrap;overflow-wrap:anywhere}'

/** Changes when the pages do: what is cached of them goes with it. */
export const pagesVersion: string = createHash('sha256')
  .update(`${STYLE}${directoryPage}${objectPage}${pageOf}${breadcrumbs}`)
  .digest('hex')
  .slice(0, 16)

export function directoryPage(path: PagePlace, { entries, isWhole }: Listing): string {
  const here = hrefOf(path)
  const parent = path.names.length === 0 ? '' : `<tr><td colspan="2"><a href="${here}/..">..</a></td></tr>\n`
  const rows = entries.map(({ name, cid }) => {
    // The name is escaped twice: so do other gateways, and the conformance suite.
    const named = encodeURIComponent(encodeURIComponent(name))
    const hash = `<a class="ipfs-hash" translate="no" href="${path.base}/ipfs/${cid}?filename=${named}">${cid}</a>`
    return `<tr><td><a href="${here}/${encodeURIComponent(name)}">${escaped(name)}</a></td><td>${hash}</td></tr>\n`
  })
  const more = isWhole ? '' : `<p>These are the first ${entries.length} entries; a CAR has them all.</p>\n`
  const title = `Index of ${textOf(path)}`
  return pageOf(title, `<h1>Index of ${breadcrumbs(path)}</h1>\n<table>\n${parent}${rows.join('')}</table>\n${more}`)
}

export function objectPage(path: PagePlace, text: string | undefined): string {
  const raw = `<p><a href="${hrefOf(path)}?format=raw">The block as it is</a></p>\n`
  const shown =
    text === undefined ? '<p>It is too large, or nested too deep, to be shown here.</p>' : `<pre>${escaped(text)}</pre>`
  return pageOf(textOf(path), `<h1>${breadcrumbs(path)}</h1>\n${raw}${shown}\n`)
}

function pageOf(title: string, body: string): string {
  const head = `<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>${escaped(title)}</title>`
  return `<!doctype html>\n<html lang="en">\n<head>\n${head}\n<style>${STYLE}</style>\n</head>\n<body>\n${body}</body>\n</html>\n`
}

function breadcrumbs({ base, root, names }: PagePlace): string {
  const links = [root, ...names].map((name, at) => {
    const href = hrefOf({ base, root, names: names.slice(0, at) })
    return `<a href="${href}">${escaped(name)}</a>`
  })
  return `/ipfs/${links.join('/')}`
}

function hrefOf({ base, root, names }: PagePlace): string {
  return [`${base}/ipfs`, ...[root, ...names].map(encodeURIComponent)].join('/')
}

function textOf({ root, names }: DagPath): string {
  return ['/ipfs', root, ...names].join('/')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!)
}
