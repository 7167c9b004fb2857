/** A provider with pieces of a file that is larger than a piece: it gives what it has, and nothing else passes for it. */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Block, carHeader, carSection, parseCar, pieceOf } from '@granary/content'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { bodyOf, errorOf, type Gateway, startGateway } from '../../test/gateway.ts'
import type { StoredPiece } from './block-index.ts'

const LEAF = 100
const TYPE_FILE = 2
const DAG_PB = 0x70

let folder: string
let root: Block
let inner: Block[]
let leaves: Block[]
let file: Buffer
let first: Gateway
let second: Gateway
let both: Gateway

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-part-'))
  const contents = Array.from({ length: 9 }, (_, at) => Buffer.alloc(LEAF, at + 1))
  file = Buffer.concat(contents)
  leaves = await Promise.all(contents.map(async (bytes) => ({ cid: await cidOf(raw.code, bytes), bytes })))
  inner = await Promise.all([0, 3, 6].map((at) => node(leaves.slice(at, at + 3), LEAF)))
  root = await node(inner, 3 * LEAF)
  // Each further piece begins with the nodes on the way from the root to its first block.
  const parts = [
    await piece('first', [root, inner[0]!, ...leaves.slice(0, 3), inner[1]!, leaves[3]!]),
    await piece('second', [root, inner[1]!, ...leaves.slice(4, 6), inner[2]!, ...leaves.slice(6)]),
  ] as const
  first = await startGateway(await mkdtemp(join(folder, 'home-')), [parts[0]])
  second = await startGateway(await mkdtemp(join(folder, 'home-')), [parts[1]])
  both = await startGateway(await mkdtemp(join(folder, 'home-')), [...parts])
})
afterAll(async () => {
  await Promise.all([first, second, both].map((each) => each.stop()))
  await rm(folder, { recursive: true, force: true })
})

async function cidOf(code: number, bytes: Uint8Array): Promise<CID> {
  return CID.createV1(code, await sha256.digest(bytes))
}

async function node(children: readonly Block[], childBytes: number): Promise<Block> {
  const sizes = children.flatMap(() => [0x20, ...varint(childBytes)])
  const data = [0x08, TYPE_FILE, 0x18, ...varint(childBytes * children.length), ...sizes]
  const links = children.flatMap(({ cid, bytes }) =>
    field(2, [...field(1, [...cid.bytes]), ...field(2, []), 0x18, ...varint(bytes.length)]),
  )
  const bytes = Uint8Array.from([...links, ...field(1, data)])
  return { cid: await cidOf(DAG_PB, bytes), bytes }
}

function field(number: number, bytes: number[]): number[] {
  return [(number << 3) | 2, ...varint(bytes.length), ...bytes]
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]
}

async function piece(name: string, blocks: readonly Block[]): Promise<StoredPiece> {
  const path = join(folder, `${name}.car`)
  const bytes = Buffer.concat([carHeader([root.cid]), ...blocks.flatMap((block) => [...carSection(block)])])
  await writeFile(path, bytes)
  const { pieceCid, payloadSize } = await pieceOf(createReadStream(path))
  return { pieceCid, path, payloadSize, rootCid: root.cid.toString() }
}

function car(at: Gateway, query = ''): Promise<Response> {
  return fetch(`${at.url}/ipfs/${root.cid}?format=car${query}`)
}

/** As text, those of a CAR that may be cut. */
async function blocksOf(body: Response['body']): Promise<{ cids: string[]; isWhole: boolean }> {
  const cids: string[] = []
  try {
    const { blocks } = await parseCar(body!)
    for await (const { cid } of blocks) cids.push(cid.toString())
    return { cids, isWhole: true }
  } catch {
    return { cids, isWhole: false }
  }
}

const named = (blocks: readonly Block[]): string[] => blocks.map(({ cid }) => cid.toString())

test.each([
  ['400:899', () => [root, inner[1]!, ...leaves.slice(4, 6), inner[2]!, ...leaves.slice(6)]],
  ['450:*', () => [root, inner[1]!, ...leaves.slice(4, 6), inner[2]!, ...leaves.slice(6)]],
  ['550:650', () => [root, inner[1]!, leaves[5]!, inner[2]!, leaves[6]!]],
  ['-1:*', () => [root, inner[2]!, leaves[8]!]],
] as const)('entity-bytes=%s is within the part that is here: a whole CAR', async (range, expected) => {
  const response = await car(second, `&entity-bytes=${range}`)
  expect(response.status).toBe(200)
  expect(await blocksOf(response.body)).toEqual({ cids: named(expected()), isWhole: true })
})

test.each([
  ['the whole', ''],
  ['the whole entity', '&dag-scope=entity'],
  ['a range that begins before the part', '&entity-bytes=0:*'],
  ['a range that begins a byte before it', '&entity-bytes=399:899'],
  ['a range of which nothing is here', '&entity-bytes=0:10'],
])('a CAR of %s, whose first block is not here, is 404 before a byte of it', async (_, query) => {
  const response = await car(second, query)
  expect([response.status, (await errorOf(response)).code]).toEqual([404, 'BLOCK_MISSING'])
})

test.each([
  ['', '0:*'],
  ['&entity-bytes=0:*', '0:*'],
  ['&entity-bytes=350:450', '350:450'],
])('a CAR that goes beyond the part (%s) breaks off where its blocks end', async (query, range) => {
  const response = await car(first, query)
  expect(response.status).toBe(200)
  const here = [root, inner[0]!, ...leaves.slice(0, 3), inner[1]!, leaves[3]!]
  const cids = named(range === '0:*' ? here : [root, inner[1]!, leaves[3]!])
  expect(await blocksOf(response.body)).toEqual({ cids, isWhole: false })
})

test('bytes of the file come where they are here, and are 404 where they are not', async () => {
  const bytesOf = (at: Gateway, range: string) => fetch(`${at.url}/ipfs/${root.cid}`, { headers: { range } })
  const there = await bytesOf(second, 'bytes=410-899')
  expect([there.status, await bodyOf(there)]).toEqual([206, file.subarray(410)])
  const elsewhere = await bytesOf(second, 'bytes=10-20')
  expect([elsewhere.status, (await errorOf(elsewhere)).code]).toEqual([404, 'BLOCK_MISSING'])
  await expect(bytesOf(first, 'bytes=0-899').then(bodyOf)).rejects.toThrow()
})

test('with both parts here nothing tells that they are two', async () => {
  const whole = [
    root,
    inner[0]!,
    ...leaves.slice(0, 3),
    inner[1]!,
    ...leaves.slice(3, 6),
    inner[2]!,
    ...leaves.slice(6),
  ]
  for (const query of ['', '&entity-bytes=0:*'])
    expect(await blocksOf((await car(both, query)).body)).toEqual({ cids: named(whole), isWhole: true })
  expect(await bodyOf(await fetch(`${both.url}/ipfs/${root.cid}`))).toEqual(file)
})
