/** What a denylist names is served by no way: not by its path, in a CAR, inside of something else, in a piece, or by bitswap. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PackedPath, packPath } from '@granary/content/node'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import { errorOf, type Gateway, startGateway } from '../../test/gateway.ts'
import type { Denylist } from '../denylist/denylist.ts'
import { parseDenylist } from '../denylist/parse-denylist.ts'

const FILE_BYTES = 3 * 1024 * 1024

let folder: string
let packed: PackedPath
let node: Gateway
let denied: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-denied-'))
  await mkdir(join(folder, 'site'))
  await writeFile(join(folder, 'site', 'good.bin'), 'good')
  await writeFile(
    join(folder, 'site', 'bad.bin'),
    new Uint8Array(FILE_BYTES).map((_, at) => at ^ (at >> 8)),
  )
  packed = await packPath(join(folder, 'site'), join(folder, 'site.car'))
  node = await startGateway(folder, [{ ...packed, path: join(folder, 'site.car') }])
  const roots = (await fetch(`${node.url}/ipfs/${packed.rootCid}/bad.bin`, { method: 'HEAD' })).headers.get(
    'x-ipfs-roots',
  )
  denied = roots!.split(',').at(-1)!
})
afterAll(async () => {
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

async function deny(...rules: string[]): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    yield* rules
  }
  const lists: Denylist[] = rules.length === 0 ? [] : [(await parseDenylist('x.deny', lines())).denylist]
  node.retrieval.deny(lists)
}

async function get(path: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(node.url + path, { headers })
  // Of one that breaks off, that it does.
  return response.arrayBuffer().then(
    () => response.status,
    () => -1,
  )
}

test('a file that is denied is 410 by its CID of any form, by its path, and as a range or a CAR', async () => {
  const raw = CID.createV1(0x55, CID.parse(denied).multihash)
  expect(await get(`/ipfs/${denied}`)).toBe(200)
  await deny(`/ipfs/${denied}`)
  const root = `/ipfs/${packed.rootCid}`
  for (const path of [`/ipfs/${denied}`, `/ipfs/${raw}?format=raw`, `${root}/bad.bin`, `${root}/bad.bin?format=car`])
    expect([path, await get(path)]).toEqual([path, 410])
  expect(await get(`${root}/bad.bin`, { Range: 'bytes=10-20' })).toBe(410)
  // Who has it already is not told that it still stands.
  expect(await get(`/ipfs/${denied}`, { 'If-None-Match': `"${denied}"` })).toBe(410)
  const answer = await fetch(`${node.url}/ipfs/${denied}`)
  expect(await errorOf(answer)).toMatchObject({ code: 'CONTENT_DENIED' })
  expect(answer.headers.get('cache-control')).toBe(null)
  expect(await get(`${root}/good.bin`)).toBe(200)
  expect(await get(`${root}/?format=car&dag-scope=block`)).toBe(200)
})

test('a CAR, or a piece, of more than that breaks off where it comes to it', async () => {
  await deny(`/ipfs/${denied}`)
  expect(await get(`/ipfs/${packed.rootCid}?format=car`)).not.toBe(200)
  expect(await get(`/piece/${packed.pieceCid}`)).not.toBe(200)
  expect(await get(`/piece/${packed.pieceCid}`, { Range: 'bytes=0-9' })).toBe(206)
})

test('a piece is denied by its own CID and by that of its root', async () => {
  for (const cid of [packed.pieceCid, packed.rootCid]) {
    await deny(`/ipfs/${cid} gateway_status=451`)
    const answer = await fetch(`${node.url}/piece/${packed.pieceCid}`)
    expect([answer.status, await errorOf(answer)]).toMatchObject([451, { code: 'CONTENT_UNLAWFUL' }])
  }
})

test('a path that is denied is that path alone', async () => {
  await deny(`/ipfs/${packed.rootCid}/bad*`)
  expect(await get(`/ipfs/${packed.rootCid}/bad.bin`)).toBe(410)
  expect([await get(`/ipfs/${packed.rootCid}/good.bin`), await get(`/ipfs/${denied}`)]).toEqual([200, 200])
})

test('other rules hold from the next request on, and none when there are none', async () => {
  await deny(`/ipfs/${denied}`)
  expect(await get(`/ipfs/${denied}`)).toBe(410)
  await deny()
  expect(await get(`/ipfs/${denied}`)).toBe(200)
})
