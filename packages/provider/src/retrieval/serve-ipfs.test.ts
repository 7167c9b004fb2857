/** What stands at a path, to who asks for it without a format: directories, symbolic links, objects. */
import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseCar } from '@granary/content'
import { packPath } from '@granary/content/node'
import { pieceCidV2 } from '@granary/proofs/verify'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bodyOf, errorOf, startGateway } from '../../test/gateway.ts'
import { type RunningGateway, runGateway } from './run-gateway.ts'

const fixtures = fileURLToPath(new URL('../../../content/fixtures/ipfs-gateway-fixtures.car', import.meta.url))
const subdir = 'bafybeietjm63oynimmv5yyqay33nui4y4wx6u3peezwetxgiwvfmelutzu/subdir'
const sharded = 'bafybeidbclfqleg2uojchspzd4bob56dqetqjsj27gy2cq3klkkgxtpn4i'
/** Objects whose /foo/link leads to another. */
const objects = {
  cbor: 'bafyreibs4utpgbn7uqegmd2goqz4bkyflre2ek2iwv743fhvylwi4zeeim',
  json: 'baguqeeram5ujjqrwheyaty3w5gdsmoz6vittchvhk723jjqxk7hakxkd47xq',
}
const listed = 'bafybeig6ka5mlwkl4subqhaiatalkcleo4jgnr3hqwvpmsqfca27cijp3i'
const withIndex = 'bafybeib3ffl2teiqdncv3mkz4r23b5ctrwkzrrhctdbne6iboayxuxk5ui/root2/root3/root4'
const withSymlink = 'QmWvY6FaqFMS89YAQ9NAPjVP4WZKA1qbHbicc9HeSKQTgt'
/** Which piece CID a CAR is under does not matter to the gateway. */
const PIECE = pieceCidV2({ root: new Uint8Array(32), paddedSize: 4 * 1024 * 1024, payloadSize: 3 * 1024 * 1024 })

let node: RunningGateway

beforeAll(async () => {
  node = await runGateway({ cars: [fixtures], port: 0 })
})
afterAll(() => node.stop())

describe('a directory', () => {
  test('is redirected to its address with a slash, query included', async () => {
    const response = await fetch(`${node.url}/ipfs/${subdir}?download=true`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([301, `/ipfs/${subdir}/?download=true`])
  })

  test('is listed for people, and cached only for a while', async () => {
    const response = await fetch(`${node.url}/ipfs/${listed}/%C4%85/`)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(response.headers.get('cache-control')).toBe('public, max-age=604800, stale-while-revalidate=2678400')
    expect(response.headers.get('etag')).toMatch(/^"DirIndex-[0-9a-f]{16}_CID-bafybei/)
    const page = (await bodyOf(response)).toString()
    expect(page).toContain(`<a href="/ipfs/${listed}/%C4%85/..">..</a>`)
    expect(page).toContain(`<a href="/ipfs/${listed}/%C4%85/%C4%99">ę</a>`)
    const again = await fetch(`${node.url}/ipfs/${listed}/%C4%85/`, {
      headers: { 'If-None-Match': response.headers.get('etag')! },
    })
    expect(again.status).toBe(304)
  })

  test('that is sharded is listed too', async () => {
    const page = (await bodyOf(await fetch(`${node.url}/ipfs/${sharded}/`))).toString()
    expect(page).toContain('>685.txt</a>')
    expect(page.match(/class="ipfs-hash"/g)).toHaveLength(1_000)
    expect(page).not.toContain('These are the first')
  })

  test('of more than a thousand entries shows the first of them, and says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-many-'))
    for (let at = 0; at <= 1_000; at++) await writeFile(join(folder, `${at}`), '')
    const page = await pageOf(folder)
    expect(page.toString().match(/class="ipfs-hash"/g)).toHaveLength(1_000)
    expect(page.toString()).toContain('These are the first 1000 entries')
  })

  test('with an index.html shows that, under its own CID', async () => {
    const response = await fetch(`${node.url}/ipfs/${withIndex}/`)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(response.headers.get('content-security-policy')).toBe('sandbox')
    const roots = response.headers.get('x-ipfs-roots')!.split(',')
    expect([roots.length, response.headers.get('etag')]).toEqual([4, `"${roots.at(-1)}"`])
  })

  test('with a directory called index.html is listed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-index-'))
    await mkdir(join(folder, 'index.html'))
    await writeFile(join(folder, 'index.html', 'page'), 'x')
    const page = await pageOf(folder)
    expect(page.toString()).toContain('>index.html</a>')
  })

  test('a name that is markup is shown and not obeyed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-names-'))
    await writeFile(join(folder, '<img src=x onerror=alert(1)>&"\''), 'x')
    const page = await pageOf(folder)
    expect(page.toString()).not.toContain('<img')
    expect(page.toString()).toContain('>&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;</a>')
  })
})

test('behind a proxy with a path, what a browser is sent to lies behind it too', async () => {
  const own = await mkdtemp(join(tmpdir(), 'granary-behind-'))
  const path = join(own, 'fixtures.car')
  await copyFile(fixtures, path)
  const pieces = [{ pieceCid: PIECE, path, payloadSize: (await stat(path)).size, rootCid: listed }]
  const behind = await startGateway(own, pieces, { url: 'https://store.example/p1' })
  const moved = await fetch(`${behind.url}/ipfs/${listed}`, { redirect: 'manual' })
  expect(moved.headers.get('location')).toBe(`/p1/ipfs/${listed}/`)
  const page = (await bodyOf(await fetch(`${behind.url}/ipfs/${listed}/`))).toString()
  expect(page).toContain('href="/p1/ipfs/')
  expect(page).not.toContain('href="/ipfs/')
  await behind.stop()
  await rm(own, { recursive: true })
})

test('a symbolic link is where it points to', async () => {
  const response = await fetch(`${node.url}/ipfs/${withSymlink}/bar`)
  expect([response.headers.get('content-type'), (await bodyOf(response)).toString()]).toEqual(['inode/symlink', 'foo'])
})

describe('an object', () => {
  test.each([
    [objects.json, {}, 'application/vnd.ipld.dag-json', 'inline', 'json'],
    [objects.json, { Accept: 'application/json' }, 'application/json', 'inline', 'json'],
    [objects.cbor, {}, 'application/vnd.ipld.dag-cbor', 'attachment', 'cbor'],
    [`${objects.cbor}/foo/link/bar`, { Accept: 'application/cbor' }, 'application/cbor', 'attachment', 'cbor'],
  ])('%s %j comes as the block that it is', async (path, headers, type, disposition, extension) => {
    const response = await fetch(`${node.url}/ipfs/${path}`, { headers })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
    const cid = response.headers.get('x-ipfs-roots')!.split(',').at(-1)
    expect(response.headers.get('content-disposition')).toBe(`${disposition}; filename="${cid}.${extension}"`)
    const raw = await fetch(`${node.url}/ipfs/${path}?format=raw`)
    expect(Buffer.compare(await bodyOf(response), await bodyOf(raw))).toBe(0)
  })

  test('is a page for who wants one', async () => {
    const response = await fetch(`${node.url}/ipfs/${objects.cbor}`, { headers: { Accept: 'text/html' } })
    expect(response.headers.get('etag')).toContain('DagIndex-')
    expect((await bodyOf(response)).toString()).toContain('&quot;banana&quot;')
  })

  test('on the path to a file is in the CAR of that path', async () => {
    const response = await fetch(`${node.url}/ipfs/${objects.cbor}/foo/link?format=car&dag-scope=block`)
    const { blocks } = await parseCar(response.body!)
    const cids: string[] = []
    for await (const { cid } of blocks) cids.push(cid.toString())
    expect(cids[0]).toBe(objects.cbor)
  })
})

test.each([
  [`/ipfs/${objects.cbor}?format=dag-json`, {}, 406, 'FORMAT_UNSUPPORTED'],
  [`/ipfs/${objects.cbor}/foo`, {}, 501, 'PATH_INSIDE_BLOCK'],
  [`/ipfs/${objects.cbor}/foo/link/bar/hello`, {}, 501, 'PATH_INSIDE_BLOCK'],
  [`/ipfs/${objects.cbor}/foo/constructor`, {}, 404, 'PATH_NOT_FOUND'],
  [`/ipfs/${objects.json}/foo/nothing`, {}, 404, 'PATH_NOT_FOUND'],
  [`/ipfs/${objects.json}`, { 'If-Match': '"another"' }, 412, 'PRECONDITION_FAILED'],
])('%s %j is refused with %d %s', async (path, headers, status, code) => {
  const response = await fetch(`${node.url}${path}`, { headers })
  expect([response.status, (await errorOf(response)).code]).toEqual([status, code])
})

/** The page of a folder, served from its own CAR; both go. */
async function pageOf(folder: string): Promise<string> {
  const path = `${folder}.car`
  const { rootCid } = await packPath(folder, path)
  const own = await runGateway({ cars: [path], port: 0 })
  const page = await bodyOf(await fetch(`${own.url}/ipfs/${rootCid}/`))
  await own.stop()
  await rm(folder, { recursive: true })
  await rm(path)
  return page.toString()
}
