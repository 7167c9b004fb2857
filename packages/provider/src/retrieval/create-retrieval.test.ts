import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { type CarEntry, verifyCar } from '@granary/content'
import { type PackedPath, packPath } from '@granary/content/node'
import { parsePieceCid, pieceCidV1, pieceCidV2 } from '@granary/proofs/verify'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bodyOf, errorOf, type Gateway, headOf, startGateway } from '../../test/gateway.ts'
import type { Restoration } from '../storage/restoration.ts'
import type { StoredPiece } from './block-index.ts'

const MIB = 1024 * 1024
const fixtures = new URL('../../../content/fixtures/ipfs-gateway-fixtures.car', import.meta.url)
const EMPTY = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

const dirs = {
  mixed: 'bafybeietjm63oynimmv5yyqay33nui4y4wx6u3peezwetxgiwvfmelutzu/subdir',
  hamt: 'bafybeidbclfqleg2uojchspzd4bob56dqetqjsj27gy2cq3klkkgxtpn4i',
  strange: 'bafybeig675grnxcmshiuzdaz2xalm6ef4thxxds6o6ypakpghm5kghpc34',
  dots: 'bafybeicaj7kvxpcv4neaqzwhrqqmdstu4dhrwfpknrgebq6nzcecfucvyu',
}

/** A piece CID for files that stand under a name that is not theirs. */
const EMPTY_PIECE = pieceCidV2({ root: new Uint8Array(32), paddedSize: 4 * MIB, payloadSize: 3 * MIB })

function someBytes(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = seed
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return new Uint8Array(words.buffer, 0, length)
}

let folder: string
let file: Uint8Array
let packed: PackedPath
let piece: StoredPiece
let node: Gateway

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-retrieval-'))
  file = someBytes(2 * MIB + 12_345, 7)
  await writeFile(join(folder, 'file'), file)
  packed = await packPath(join(folder, 'file'), join(folder, 'file.car'))
  piece = { ...packed, path: join(folder, 'file.car') }
  // The fixtures stand in for any CAR of others; which piece CID they are under does not matter to the gateway.
  await writeFile(join(folder, 'empty'), '')
  const other = await packPath(join(folder, 'empty'), join(folder, 'empty.car'))
  const path = join(folder, 'fixtures.car')
  await copyFile(fixtures, path)
  const { size } = await stat(path)
  node = await startGateway(folder, [piece, { ...other, path, payloadSize: size }])
})

afterAll(async () => {
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a file comes whole, with the headers that caches and browsers need', async () => {
  const response = await fetch(`${node.url}/ipfs/${packed.rootCid}`)
  expect(response.status).toBe(200)
  expect(Buffer.compare(await bodyOf(response), file)).toBe(0)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-length': String(file.length),
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'cache-control': 'public, max-age=29030400, immutable',
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
    etag: `"${packed.rootCid}"`,
  })
})

test('HEAD has the headers and no body; an ETag that is known gives 304', async () => {
  const head = await fetch(`${node.url}/ipfs/${packed.rootCid}`, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(file.length)])
  expect(await bodyOf(head)).toHaveLength(0)
  const headers = { 'If-None-Match': `"${packed.rootCid}"` }
  expect((await headOf(`${node.url}/ipfs/${packed.rootCid}`, { headers })).status).toBe(304)
})

test.each([
  ['bytes=0-0', 0, 1],
  [`bytes=${MIB - 2}-${MIB + 1}`, MIB - 2, MIB + 2],
  ['bytes=-100', 2 * MIB + 12_245, 2 * MIB + 12_345],
  [`bytes=${2 * MIB}-`, 2 * MIB, 2 * MIB + 12_345],
])('the range %s of a file and of a piece is answered with 206', async (range, from, to) => {
  const ofFile = await fetch(`${node.url}/ipfs/${packed.rootCid}`, { headers: { range } })
  expect([ofFile.status, ofFile.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/${file.length}`])
  expect(Buffer.compare(await bodyOf(ofFile), file.subarray(from, to))).toBe(0)

  const ofPiece = await fetch(`${node.url}/piece/${packed.pieceCid}`, { headers: { range } })
  expect(ofPiece.status).toBe(206)
  const [first = 0, end = 0] = (/(\d+)-(\d+)/.exec(ofPiece.headers.get('content-range') ?? '') ?? [])
    .slice(1)
    .map(Number)
  const car = await readFile(piece.path)
  expect(Buffer.compare(await bodyOf(ofPiece), car.subarray(first, end + 1))).toBe(0)
})

test('a range outside is 416 and says how long the file is; of two the first is given', async () => {
  const headers = { range: `bytes=${file.length}-` }
  const outside = await fetch(`${node.url}/ipfs/${packed.rootCid}`, { headers })
  expect([outside.status, outside.headers.get('content-range')]).toEqual([416, `bytes */${file.length}`])
  expect((await errorOf(outside)).code).toBe('RANGE_INVALID')
  const two = await fetch(`${node.url}/ipfs/${packed.rootCid}`, { headers: { range: 'bytes=0-1,5-6' } })
  expect([two.status, two.headers.get('content-range')]).toEqual([206, `bytes 0-1/${file.length}`])
  expect(Buffer.compare(await bodyOf(two), file.subarray(0, 2))).toBe(0)
})

test.each([
  ['?format=raw', {}],
  ['', { Accept: 'application/vnd.ipld.raw' }],
])('a block comes as it is (%s %j)', async (query, headers) => {
  const response = await fetch(`${node.url}/ipfs/${packed.rootCid}${query}`, { headers })
  expect(response.headers.get('content-type')).toBe('application/vnd.ipld.raw')
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${packed.rootCid}.bin"`)
  const [root] = await entriesOf(createReadStream(piece.path))
  const car = await readFile(piece.path)
  expect(Buffer.compare(await bodyOf(response), car.subarray(root!.offset, root!.offset + root!.length))).toBe(0)
})

test.each([
  ['?format=car', {}],
  ['', { Accept: 'application/vnd.ipld.car; version=1; order=dfs; dups=n' }],
  ['?format=car&dag-scope=all', { Accept: 'application/vnd.ipld.raw' }],
])('a CAR of a file is the very bytes of its piece (%s %j)', async (query, headers) => {
  const response = await fetch(`${node.url}/ipfs/${packed.rootCid}${query}`, { headers })
  expect(response.headers.get('content-type')).toBe('application/vnd.ipld.car; version=1; order=dfs; dups=n')
  expect(response.headers.get('accept-ranges')).toBe('none')
  expect(Buffer.compare(await bodyOf(response), await readFile(piece.path))).toBe(0)
})

test.each([
  ['dag-scope=block', 1],
  ['dag-scope=entity', 4],
  ['entity-bytes=0:0', 2],
  [`entity-bytes=${MIB}:${MIB}`, 2],
  ['entity-bytes=-1:*', 2],
  [`entity-bytes=${MIB - 1}:-12346`, 3],
])('a CAR with %s has %d blocks', async (query, count) => {
  const response = await fetch(`${node.url}/ipfs/${packed.rootCid}?format=car&${query}`)
  expect(await entriesOf(response.body!)).toHaveLength(count)
})

test('a piece comes by either version of its CID, and unknown or malformed ones are told apart', async () => {
  const { root } = parsePieceCid(packed.pieceCid)
  for (const pieceCid of [packed.pieceCid, pieceCidV1(root)]) {
    const response = await fetch(`${node.url}/piece/${pieceCid}`)
    expect(response.headers.get('content-type')).toBe('application/vnd.ipld.car; version=1')
    expect(Buffer.compare(await bodyOf(response), await readFile(piece.path))).toBe(0)
  }
  const unknown = await fetch(`${node.url}/piece/${pieceCidV1(new Uint8Array(32))}`)
  expect([unknown.status, (await errorOf(unknown)).code]).toEqual([404, 'PIECE_NOT_FOUND'])
  const bad = await fetch(`${node.url}/piece/${packed.rootCid}`)
  expect([bad.status, (await errorOf(bad)).code]).toEqual([400, 'PIECE_CID_INVALID'])
})

test.each([
  ['/ipfs/nonsense', {}, 400, 'CID_INVALID'],
  [`/ipfs/${EMPTY}`, {}, 404, 'BLOCK_MISSING'],
  [`/ipfs/${EMPTY}?format=raw`, { 'Cache-Control': 'only-if-cached' }, 412, 'NOT_CACHED'],
  [`/ipfs/${EMPTY}?format=tar`, {}, 406, 'FORMAT_UNSUPPORTED'],
  [`/ipfs/${dirs.mixed}/ascii.txt`, { Accept: 'application/vnd.ipld.dag-json' }, 406, 'FORMAT_UNSUPPORTED'],
  [`/ipfs/${EMPTY}?format=car&dag-scope=some`, {}, 400, 'REQUEST_INVALID'],
  [`/ipfs/${EMPTY}?format=car&entity-bytes=a:b`, {}, 400, 'REQUEST_INVALID'],
])('%s %j is refused with %d %s', async (path, headers, status, code) => {
  const response = await fetch(`${node.url}${path}`, { headers })
  expect([response.status, (await errorOf(response)).code]).toEqual([status, code])
  expect(response.headers.get('cache-control') ?? '').not.toContain('immutable')
})

test.each([
  ['?format=raw', '.raw"'],
  ['', '"'],
])('a client that has the content is told so without reading it, even where it is not: %s', async (query, end) => {
  const headers = { 'If-None-Match': `"${EMPTY}${end}` }
  const response = await fetch(`${node.url}/ipfs/${EMPTY}${query}`, { headers })
  expect([response.status, response.headers.get('etag')]).toEqual([304, `"${EMPTY}${end}`])
})

test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s is no question: 405 says which are', async (method) => {
  const response = await fetch(`${node.url}/ipfs/${packed.rootCid}`, { method })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  expect((await errorOf(response)).code).toBe('METHOD_NOT_ALLOWED')
})

test('a page of another origin may read what it has asked for', async () => {
  const { headers } = await headOf(`${node.url}/ipfs/${packed.rootCid}`)
  expect(headers.get('access-control-allow-origin')).toBe('*')
  expect(headers.get('access-control-expose-headers')).toContain('X-Ipfs-Roots')
  expect(headers.get('access-control-allow-headers')).toContain('Range')
})

test('a block or a CAR is saved under the name that is asked for', async () => {
  for (const format of ['raw', 'car']) {
    const { headers } = await headOf(`${node.url}/ipfs/${packed.rootCid}?format=${format}&filename=my%20file.bin`)
    expect(headers.get('content-disposition')).toBe('attachment; filename="my file.bin"')
  }
})

test('a browser of any origin may ask', async () => {
  const response = await fetch(`${node.url}/ipfs/${packed.rootCid}`, { method: 'OPTIONS' })
  expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
})

test.each([
  [`${dirs.mixed}/ascii.txt`, 'hello application/vnd.ipld.car\n'],
  [
    `${dirs.strange}/${encodeURIComponent('Portugal%2C+España=Peninsula Ibérica.txt')}`,
    'hello from a percent encoded filename\n',
  ],
])('the path %s leads to its file', async (path, content) => {
  const response = await fetch(`${node.url}/ipfs/${path}`)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8'])
  expect((await bodyOf(response)).toString()).toBe(content)
})

test('a name in a sharded directory leads to its file, and the CAR of the path brings the shards along', async () => {
  const response = await fetch(`${node.url}/ipfs/${dirs.hamt}/685.txt`)
  expect(response.status).toBe(200)
  const whole = await bodyOf(response)
  expect(whole.toString()).toContain('Lorem ipsum')
  const car = await fetch(`${node.url}/ipfs/${dirs.hamt}/685.txt?format=car`)
  const blocks = await entriesOf(car.body!)
  expect(blocks[0]!.cid.toString()).toBe(dirs.hamt)
  expect(blocks.length).toBeGreaterThan(2)
  const range = await fetch(`${node.url}/ipfs/${dirs.hamt}/685.txt`, { headers: { range: 'bytes=1000-1099' } })
  expect(Buffer.compare(await bodyOf(range), whole.subarray(1000, 1100))).toBe(0)
})

test('the CAR of a sharded directory as an entity has its shards and not its files', async () => {
  const entity = await entriesOf((await fetch(`${node.url}/ipfs/${dirs.hamt}?format=car&dag-scope=entity`)).body!)
  const all = await entriesOf((await fetch(`${node.url}/ipfs/${dirs.hamt}?format=car`)).body!)
  expect(entity.length).toBeLessThan(all.length)
  expect(entity.every(({ cid }) => cid.code === 0x70)).toBe(true)
})

test('duplicates come when they are asked for', async () => {
  const path = 'bafybeihchr7vmgjaasntayyatmp5sv6xza57iy2h4xj7g46bpjij6yhrmy?format=car'
  const counts = []
  for (const dups of ['n', 'y']) {
    const headers = { Accept: `application/vnd.ipld.car; dups=${dups}` }
    const response = await fetch(`${node.url}/ipfs/${path}`, { headers })
    expect(response.headers.get('content-type')).toContain(`dups=${dups}`)
    counts.push((await entriesOf(response.body!)).length)
  }
  expect(counts[1]).toBe(counts[0]! + 1)
})

test.each([
  [`/ipfs/${dirs.mixed}/none.txt`, 404, 'PATH_NOT_FOUND'],
  [`/ipfs/${dirs.mixed}/ascii.txt/more`, 404, 'PATH_NOT_FOUND'],
  [`/ipfs/${dirs.hamt}/none.txt`, 404, 'PATH_NOT_FOUND'],
])('%s is refused with %d %s', async (path, status, code) => {
  const response = await fetch(`${node.url}${path}`)
  expect([response.status, (await errorOf(response)).code]).toEqual([status, code])
})

test('a DAG that lacks a block: what is there is served, and the answer breaks where it lacks', async () => {
  const path = '/ipfs/QmYhmPjhFjYFyaoiuNzYv8WGavpSRDwdHWe5B4M5du5Rtk'
  const head = await fetch(`${node.url}${path}`, { headers: { range: 'bytes=0-1023' } })
  expect([head.status, (await bodyOf(head)).length]).toEqual([206, 1024])
  for (const query of ['', '?format=car']) {
    const broken = await fetch(`${node.url}${path}${query}`)
    expect(broken.status).toBe(200)
    await expect(bodyOf(broken)).rejects.toThrow()
  }
})

test('a client that goes away stops the reading', async () => {
  const socket = connect(Number(new URL(node.url).port), '127.0.0.1')
  socket.write(`GET /ipfs/${packed.rootCid} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await once(socket, 'data')
  socket.destroy()
  // The next request is served as ever, and nothing was logged as a failure of ours.
  expect((await headOf(`${node.url}/ipfs/${packed.rootCid}`, { method: 'HEAD' })).status).toBe(200)
  expect(node.events.filter(({ level }) => level === 'alert')).toEqual([])
})

describe('on a disk that fails', () => {
  let rotten: Gateway
  let path: string
  let flippedOffset: number

  beforeAll(async () => {
    const home = await mkdtemp(join(folder, 'rotten-'))
    path = join(home, 'piece.car')
    await copyFile(piece.path, path)
    rotten = await startGateway(home, [{ ...piece, path }])
    const [, , third] = await entriesOf(createReadStream(path))
    flippedOffset = third!.offset + 1000
    const car = await readFile(path)
    car[flippedOffset]! ^= 1
    await writeFile(path, car)
  })
  afterAll(() => rotten.stop())

  test('a block that does not hash to its CID is not served, in any form, and raises an alert', async () => {
    const entries = await entriesOf(createReadStream(piece.path))
    const [root, first, second] = entries.map(({ cid }) => cid.toString())
    const block = await fetch(`${rotten.url}/ipfs/${second}?format=raw`)
    expect([block.status, (await errorOf(block)).code]).toEqual([500, 'BLOCK_CORRUPT'])
    expect(rotten.events).toContainEqual(
      expect.objectContaining({ type: 'block-corrupt', level: 'alert', pieceCid: packed.pieceCid }),
    )
    expect((await headOf(`${rotten.url}/ipfs/${first}?format=raw`)).status).toBe(200)
    for (const url of [`/ipfs/${root}`, `/ipfs/${root}?format=car`, `/piece/${packed.pieceCid}`])
      await expect(fetch(`${rotten.url}${url}`).then(bodyOf)).rejects.toThrow()
    const range = { headers: { range: `bytes=${flippedOffset + 5}-${flippedOffset + 9}` } }
    expect((await headOf(`${rotten.url}/piece/${packed.pieceCid}`, range)).status).toBe(500)
    const good = await fetch(`${rotten.url}/piece/${packed.pieceCid}`, { headers: { range: 'bytes=0-999999' } })
    expect([good.status, (await bodyOf(good)).length]).toEqual([206, 1_000_000])
  })

  test('a second copy of the block is served instead', async () => {
    const [, , second] = await entriesOf(createReadStream(piece.path))
    const copy = { ...piece, pieceCid: EMPTY_PIECE }
    await rotten.retrieval.addPiece(copy)
    expect((await headOf(`${rotten.url}/ipfs/${second!.cid}?format=raw`)).status).toBe(200)
    await rotten.retrieval.removePiece(copy.pieceCid)
    expect((await headOf(`${rotten.url}/ipfs/${second!.cid}?format=raw`)).status).toBe(500)
  })

  test('a piece whose file is gone is an error that can be retried elsewhere', async () => {
    await rm(path)
    const response = await fetch(`${rotten.url}/piece/${packed.pieceCid}`)
    expect([response.status, (await errorOf(response)).code]).toEqual([503, 'PIECE_UNREADABLE'])
  })
})

describe('a piece whose file is gone', () => {
  let home: string
  let restorations: Map<string, Restoration>
  beforeAll(async () => {
    home = await mkdtemp(join(folder, 'restored-'))
    restorations = new Map()
  })

  function start(path: string): Promise<Gateway> {
    return startGateway(home, [{ ...piece, path }], {
      onDamaged: (pieceCid) => {
        if (restorations.has(pieceCid)) return
        restorations.set(pieceCid, { state: 'under way', sinceMs: Date.now() - 6_500 })
      },
      restorationOf: (pieceCid) => restorations.get(pieceCid),
    })
  }

  const asked = () => ['GET', 'HEAD'].flatMap((method) => paths().map((path) => ({ method, path })))
  const paths = (): string[] => [
    `/ipfs/${packed.rootCid}`,
    `/ipfs/${packed.rootCid}?format=car`,
    `/ipfs/${packed.rootCid}?format=raw`,
    `/piece/${packed.pieceCid}`,
  ]

  test.each(['in the index', 'not in the index'])('is answered with 202 and when to come again: %s', async (where) => {
    const path = join(home, 'file.car')
    restorations.clear()
    if (where === 'in the index') {
      await copyFile(piece.path, path)
      await (await start(path)).stop()
      await rm(path)
    } else {
      await rm(path)
      await rm(join(home, 'index.sqlite'))
    }
    const at = await start(path)
    for (const { method, path } of asked()) {
      if (where === 'in the index') restorations.clear()
      const response = await fetch(`${at.url}${path}`, { method })
      expect({ method, path, status: response.status, after: Number(response.headers.get('retry-after')) }).toEqual({
        ...{ method, path, status: 202 },
        after: where === 'in the index' ? 7 : expect.any(Number),
      })
      expect(response.headers.get('cache-control') ?? '').not.toContain('immutable')
      if (method === 'GET') expect((await errorOf(response)).code).toBe('PIECE_UNSEALING')
    }
    // Made again it is served, and nobody had to start anything anew.
    await copyFile(piece.path, path)
    restorations.clear()
    await at.retrieval.addPiece({ ...piece, path })
    for (const { method, path } of asked()) expect((await headOf(`${at.url}${path}`, { method })).status).toBe(200)
    await at.stop()
  })

  test('and cannot be made again: the answer says which and why', async () => {
    const error = new GranaryError({ code: 'PIECE_NOT_SEALED', message: 'sector 3: its key is another', hint: 'none' })
    const at = await start(join(home, 'never'))
    restorations.set(packed.pieceCid, { state: 'failed', error })
    for (const path of paths()) {
      const response = await fetch(`${at.url}${path}`)
      expect([response.status, await response.json()]).toEqual([503, { error: error.toJSON() }])
    }
    await at.stop()
  })
})

async function entriesOf(car: AsyncIterable<Uint8Array>): Promise<CarEntry[]> {
  const entries: CarEntry[] = []
  for await (const entry of verifyCar(car)) entries.push(entry)
  return entries
}
