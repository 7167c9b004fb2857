/** The gateway with content that was made to hurt it, or whom it serves. */
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { carHeader, carSection, parseCar } from '@granary/content'
import { pieceCidV2 } from '@granary/proofs/verify'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { identity } from 'multiformats/hashes/identity'
import { sha256 } from 'multiformats/hashes/sha2'
import { bodyOf, errorOf, type Gateway, startGateway } from '../../test/gateway.ts'
import type { StoredPiece } from './block-index.ts'

const cases = [
  'hamt-hostile-zero',
  'empty-bomb',
  'hamt-fanout-16',
  'file-blocksizes-packed',
  'file-missing-middle',
] as const
const DAG_PB = 0x70
const roots = new Map<string, string>()
let folder: string
let node: Gateway

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-hostile-'))
  const pieces = await Promise.all(cases.map((name, at) => pieceOf(name, at)))
  node = await startGateway(folder, [...pieces, await wideNode(pieces.length)])
})
afterAll(async () => {
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

async function pieceOf(name: string, at: number): Promise<StoredPiece> {
  const path = join(folder, `${name}.car`)
  await copyFile(new URL(`../../../content/fixtures/cases/${name}.car`, import.meta.url), path)
  const car = new Uint8Array(await readFile(path))
  const {
    roots: [root],
    blocks,
  } = await parseCar(
    (async function* () {
      yield car
    })(),
  )
  await blocks.return(undefined)
  roots.set(name, root!.toString())
  return stored(path, at)
}

/** What piece CID they are under does not matter to the gateway. */
async function stored(path: string, at: number): Promise<StoredPiece> {
  const { size } = await stat(path)
  const root = new Uint8Array(32).fill(at + 1)
  root[31] = 0
  const pieceCid = pieceCidV2({ root, paddedSize: 4 * 2 ** 20, payloadSize: 3 * 2 ** 20 })
  return { pieceCid, path, payloadSize: size, rootCid: 'bafkqaaa' }
}

/** A directory of 150,000 empty entries in one block: slow to decode, and within every bound on bytes. */
async function wideNode(at: number): Promise<StoredPiece> {
  // dag-pb by hand: links to the empty block (a CID of 4 bytes, no name, no size), then UnixFS data of a directory.
  const link = [0x12, 0x0a, 0x0a, 0x04, 0x01, 0x55, 0x00, 0x00, 0x12, 0x00, 0x18, 0x00]
  const bytes = new Uint8Array([...Array.from({ length: 150_000 }, () => link).flat(), 0x0a, 0x02, 0x08, 0x01])
  const cid = CID.createV1(DAG_PB, await sha256.digest(bytes))
  const path = join(folder, 'wide.car')
  await writeFile(path, Buffer.concat([carHeader([cid]), ...carSection({ cid, bytes })]))
  roots.set('wide', cid.toString())
  return stored(path, at)
}

const ipfs = (name: string, rest = '', init?: RequestInit): Promise<Response> =>
  fetch(`${node.url}/ipfs/${roots.get(name)}${rest}`, init)

test('a search in a shard with a fanout of zero is refused, and the provider goes on', async () => {
  for (const rest of ['/nonexistent', '?format=car&dag-scope=entity']) {
    const answer = await ipfs('hamt-hostile-zero', rest)
    if (answer.ok) await expect(bodyOf(answer)).rejects.toThrow()
    else expect([answer.status, (await errorOf(answer)).code]).toEqual([422, 'DAG_INVALID'])
  }
  expect((await ipfs('file-blocksizes-packed')).status).toBe(200)
})

test('46 blocks with 2⁴⁵ paths: a CAR has each block once, or breaks off, and the file is empty', async () => {
  const once = await blocksIn(await ipfs('empty-bomb', '?format=car&dag-scope=entity'))
  expect(once).toBe(46)
  const again = await ipfs('empty-bomb', '', {
    headers: { Accept: 'application/vnd.ipld.car; dups=y' },
  })
  expect(again.status).toBe(200)
  await again.body?.cancel()
  expect((await bodyOf(await ipfs('empty-bomb'))).length).toBe(0)
})

test('while a node that is slow to decode is read, the provider answers others at once', async () => {
  let answered = false
  const slow = ipfs('wide', '/nobody').finally(() => {
    answered = true
  })
  let others = 0
  while (!answered) {
    await fetch(`${node.url}/piece/none`).then((answer) => answer.text())
    if (!answered) others += 1
  }
  expect([(await slow).status, (await errorOf(await slow)).code]).toEqual([404, 'PATH_NOT_FOUND'])
  // On the thread that answers, the decoding would be one step: nothing could come between the question and its answer.
  expect(others).toBeGreaterThan(1)
})

test('shards with a fanout of 16 come whole', async () => {
  expect(await blocksIn(await ipfs('hamt-fanout-16', '?format=car'))).toBe(81)
})

test('a file whose block sizes are written packed is served', async () => {
  expect((await bodyOf(await ipfs('file-blocksizes-packed'))).toString()).toBe('foo\nbar\n')
})

test('an error has the headers of an error, whatever was asked for', async () => {
  const answer = await ipfs('file-missing-middle', '?filename=a.png', { headers: { Range: 'bytes=1100-1110' } })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8'])
  for (const name of ['content-range', 'accept-ranges', 'x-ipfs-roots'])
    expect([name, answer.headers.get(name)]).toEqual([name, null])
  expect((await errorOf(answer)).code).toBe('BLOCK_MISSING')
})

describe('active content', () => {
  const page = 'bafkqanj4nb2g23b6hrzwg4tjob2d4zdpmn2w2zlooqxhi2lunrst23dpmnqxi2lpnyxg64tjm5uw4pbponrxe2lqoq7a'

  test('runs in a sandbox, wherever it comes from', async () => {
    const answer = await fetch(`${node.url}/ipfs/${page}?filename=x.html`)
    expect([answer.status, answer.headers.get('content-security-policy')]).toEqual([200, 'sandbox'])
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    const error = await fetch(`${node.url}/piece/none`)
    expect(error.headers.get('content-security-policy')).toBe('sandbox')
  })

  test('is no service worker', async () => {
    const answer = await fetch(`${node.url}/ipfs/${page}?filename=x.js`, { headers: { 'Service-Worker': 'script' } })
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'REQUEST_INVALID'])
  })

  test('of more than 128 bytes inside its CID is refused', async () => {
    const long = CID.createV1(raw.code, identity.digest(new Uint8Array(129)))
    const answer = await fetch(`${node.url}/ipfs/${long}`)
    expect([answer.status, (await errorOf(answer)).code]).toEqual([422, 'IDENTITY_TOO_LONG'])
  })
})

test.each(['bytes=0-3', 'bytes=99999999-'])('HEAD with the range %s has the headers of the whole', async (range) => {
  const answer = await ipfs('file-blocksizes-packed', '', { method: 'HEAD', headers: { range } })
  expect([answer.status, answer.headers.get('content-length'), answer.headers.get('content-range')]).toEqual([
    200,
    '8',
    null,
  ])
})

test.each([
  ['bytes=-7000000', 206, 'bytes 0-7/8'],
  ['bytes=-3', 206, 'bytes 5-7/8'],
  ['bytes=5-1', 200, null],
  ['bytes=9-', 416, 'bytes */8'],
])('GET with the range %s is answered %i, as RFC 9110 says', async (range, status, contentRange) => {
  const answer = await ipfs('file-blocksizes-packed', '', { headers: { range } })
  expect([answer.status, answer.headers.get('content-range')]).toEqual([status, contentRange])
})

test('a CAR of a range that ends before it begins is refused', async () => {
  const answer = await ipfs('file-blocksizes-packed', '?format=car&entity-bytes=9:5')
  expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'REQUEST_INVALID'])
})

test.each(['/ipfs', '/piece', '/routing/v1/providers', '/routing/v1/peers'])(
  '%s of a CID of 5 kB in base58 is refused before that is decoded, which takes the longer the more',
  async (path) => {
    const long = CID.createV1(raw.code, identity.digest(new Uint8Array(4_000))).toString(base58btc)
    const answer = await fetch(`${node.url}${path}/${long}`)
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'CID_INVALID'])
  },
)

async function blocksIn(answer: Response): Promise<number> {
  expect(answer.status).toBe(200)
  const { blocks } = await parseCar(answer.body!)
  let count = 0
  for await (const _ of blocks) count += 1
  return count
}
