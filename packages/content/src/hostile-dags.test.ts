/** DAGs that a stranger made: small on disk and endless to walk, written as others write them, or wrong. */
import { readFile as readBytes } from 'node:fs/promises'
import * as dagPb from '@ipld/dag-pb'
import { describe, expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import { base16, base16upper } from 'multiformats/bases/base16'
import { base32hex, base32upper } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64, base64url } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { identity } from 'multiformats/hashes/identity'
import { sha256 } from 'multiformats/hashes/sha2'
import { all, collect, inChunks } from '../test/support.ts'
import { parseCid } from './cid-key.ts'
import { dagObjectText } from './dag-object.ts'
import { entityBlocks } from './entity-blocks.ts'
import { listDirectory } from './list-directory.ts'
import { parseCar } from './parse-car.ts'
import { readFile } from './read-file.ts'
import { resolvePath } from './resolve-path.ts'
import type { BlockReader } from './store.ts'
import { unixFsNode } from './unixfs-node.ts'
import { verifyBlock } from './verify-block.ts'
import { idleVisitsMax } from './walk-budget.ts'
import { walkDag } from './walk-dag.ts'

interface Dag {
  readonly root: CID
  readonly store: MemoryBlockstore
}

async function dagOf(name: string): Promise<Dag> {
  const car = new Uint8Array(await readBytes(new URL(`../fixtures/cases/${name}.car`, import.meta.url)))
  const { roots, blocks } = await parseCar(inChunks(car))
  const store = new MemoryBlockstore()
  for await (const { cid, bytes } of blocks) await store.put(cid, bytes)
  return { root: roots[0]!, store }
}

async function put(store: MemoryBlockstore, bytes: Uint8Array, code: number): Promise<CID> {
  const cid = CID.createV1(code, await sha256.digest(bytes))
  await store.put(cid, bytes)
  return cid
}

/** UnixFS data of a shard: type 5, bit field, hash type, fanout. */
function shardData(bitField: readonly number[], hashType: number, fanout: number): Uint8Array {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)])
  return new Uint8Array([8, 5, 18, bitField.length, ...bitField, 0x28, ...varint(hashType), 0x30, ...varint(fanout)])
}

describe('a hostile shard', () => {
  test('with a fanout of zero is refused, and no search of it goes on for ever', async () => {
    const { root, store } = await dagOf('hamt-hostile-zero')
    await expect(resolvePath(root, ['nonexistent'], store)).rejects.toMatchObject({ code: 'DAG_INVALID' })
    await expect(all(entityBlocks(root, store))).rejects.toMatchObject({ code: 'DAG_INVALID' })
  })

  const child = CID.createV1(raw.code, identity.digest(new Uint8Array([1])))
  test.each([
    ['a fanout that is no power of two', [1], 0x22, 12, ['0a']],
    ['a fanout of 4', [1], 0x22, 4, ['0a']],
    ['a fanout of 2,048', [1], 0x22, 2_048, ['000a']],
    ['another hash', [1], 0x12, 256, ['00a']],
    ['bits for no link', [3], 0x22, 256, ['00a']],
    ['links for no bit', [1], 0x22, 256, ['00a', '01b']],
    ['bits beyond the fanout', [1, 0], 0x22, 8, ['8a']],
    ['a link at another place', [2], 0x22, 256, ['00a']],
    ['a link without its place', [1], 0x22, 256, ['']],
  ])('with %s is refused', async (_, bitField, hashType, fanout, names) => {
    const links = names.map((name) => ({ Hash: child, Name: name, Tsize: 1 }))
    const bytes = dagPb.encode(dagPb.prepare({ Data: shardData(bitField, hashType, fanout), Links: links }))
    const cid = await put(new MemoryBlockstore(), bytes, dagPb.code)
    expect(() => unixFsNode(cid, bytes)).toThrow(expect.objectContaining({ code: 'DAG_INVALID' }))
  })
})

test('a directory that has one shard at two places is refused, and not walked through all of them', async () => {
  const store = new MemoryBlockstore()
  const node = (data: Uint8Array, Links: { Name: string; Tsize: number; Hash: CID }[]): Promise<CID> =>
    put(store, dagPb.encode(dagPb.prepare({ Data: data, Links })), dagPb.code)
  let below = await node(shardData([], 0x22, 256), [])
  for (let level = 0; level < 7; level++) {
    const Hash = below
    const links = Array.from({ length: 256 }, (_, place) => place.toString(16).toUpperCase().padStart(2, '0'))
    below = await node(
      shardData(new Array<number>(32).fill(255), 0x22, 256),
      links.map((Name) => ({ Name, Tsize: 1, Hash })),
    )
  }
  await expect(all(listDirectory(below, store))).rejects.toMatchObject({ code: 'DAG_INVALID' })
})

test('an object is shown to people only as far as that costs little', async () => {
  const nested = (depth: number) => new Uint8Array(depth).fill(0x81).with(depth - 1, 0x80)
  const textOf = async (bytes: Uint8Array) => dagObjectText(CID.createV1(0x71, await sha256.digest(bytes)), bytes)
  expect(await textOf(nested(64))).toBe(`${'['.repeat(64)}${']'.repeat(64)}`)
  expect(await textOf(nested(66))).toBeUndefined()
  expect(await textOf(nested(2_000))).toBeUndefined()
  await expect(textOf(nested(1_000_000))).rejects.toMatchObject({ code: 'DAG_INVALID' })
  const long = new Uint8Array(5 + 300_000).fill(0x41)
  long.set([0x5a, 0, 4, 0x93, 0xe0])
  expect(await textOf(long)).toBeUndefined()
})

test('a directory of shards with a fanout of 16 is given whole, and its names are found', async () => {
  const { root, store } = await dagOf('hamt-fanout-16')
  const blocks = await all(entityBlocks(root, store))
  const shards = blocks.map(({ cid, bytes }) => unixFsNode(cid, bytes))
  expect(shards.every((node) => node.kind === 'shard')).toBe(true)
  const names = shards.flatMap((node) =>
    node.kind === 'shard' ? [...node.links].filter(([name]) => name.length > 1) : [],
  )
  expect(names.length + blocks.length).toBe(81)
  for (const [name, cid] of names) expect((await resolvePath(root, [name.slice(1)], store)).cid).toEqual(cid)
  await expect(resolvePath(root, ['nobody'], store)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

describe('a file of 46 blocks with 2⁴⁵ empty paths', () => {
  test('is given out block by block, each once', async () => {
    const { root, store } = await dagOf('empty-bomb')
    expect(await all(entityBlocks(root, store))).toHaveLength(46)
    expect(await all(entityBlocks(root, store, { range: () => ({ offset: 0, length: 10 }) }))).toHaveLength(1)
    expect(await all(walkDag(root, store))).toHaveLength(46)
  })

  test('ends with an error for who wants its bytes, or each block as often as it is used', async () => {
    const { root, store } = await dagOf('empty-bomb')
    const given: CID[] = []
    const walk = async (): Promise<void> => {
      for await (const { cid } of entityBlocks(root, store, { dups: true })) given.push(cid)
    }
    await expect(walk()).rejects.toMatchObject({ code: 'DAG_INVALID' })
    expect(given).toHaveLength(idleVisitsMax)
    await expect(collect(readFile(root, store))).rejects.toMatchObject({ code: 'DAG_INVALID' })
  })

  test('lets go of the event loop on the way, and stops with who asked', async () => {
    const { root, store } = await dagOf('empty-bomb')
    const stopped = new AbortController()
    setTimeout(() => stopped.abort(), 0)
    await expect(all(entityBlocks(root, store, { dups: true, signal: stopped.signal }))).rejects.toThrow(/abort/)
  })
})

test('a file of 512 bytes behind 127 wrappers has each node read once, and not for each of its 65,024 visits', async () => {
  const store = new MemoryBlockstore()
  const fileOf = (children: readonly CID[]): Promise<CID> => {
    const sizes = children.flatMap(() => [32, 1])
    const length = [(children.length & 127) | 128, children.length >> 7]
    const Links = children.map((Hash) => ({ Hash, Name: '', Tsize: 1 }))
    const Data = new Uint8Array([8, 2, 24, ...length, ...sizes])
    return put(store, dagPb.encode(dagPb.prepare({ Data, Links })), dagPb.code)
  }
  let wrapped = await put(store, new Uint8Array([0x41]), raw.code)
  for (let at = 0; at < 127; at++) wrapped = await fileOf([wrapped])
  const root = await fileOf(Array.from({ length: 512 }, () => wrapped))
  const reads = new Map<string, number>()
  const counting: BlockReader = {
    get(cid) {
      reads.set(cid.toString(), (reads.get(cid.toString()) ?? 0) + 1)
      return store.get(cid)
    },
  }
  expect(Buffer.from(await collect(readFile(root, counting))).toString()).toBe('A'.repeat(512))
  const inner = [...reads].filter(([cid]) => CID.parse(cid).code === dagPb.code)
  expect([inner.length, inner.every(([, times]) => times === 1)]).toEqual([128, true])
})

test('a part of a file that is used twice, for different bytes of it, is given for both', async () => {
  const store = new MemoryBlockstore()
  const leaf = async (text: string): Promise<CID> => put(store, new TextEncoder().encode(text), raw.code)
  const file = async (children: readonly CID[], size: number): Promise<CID> => {
    const Data = new Uint8Array([8, 2, 24, size * children.length, ...children.flatMap(() => [32, size])])
    const Links = children.map((Hash) => ({ Hash, Name: '', Tsize: size }))
    return put(store, dagPb.encode(dagPb.prepare({ Data, Links })), dagPb.code)
  }
  const [head, tail] = [await leaf('ab'), await leaf('cd')]
  const part = await file([head, tail], 2)
  const root = await file([part, part], 4)
  // The range ends the first use and begins the second: one needs the tail, the other the head.
  const blocks = await all(entityBlocks(root, store, { range: () => ({ offset: 3, length: 2 }) }))
  expect(new Set(blocks.map(({ cid }) => cid.toString()))).toEqual(new Set([root, part, tail, head].map(String)))
  expect(Buffer.from(await collect(readFile(root, store, { offset: 3, length: 2 }))).toString()).toBe('da')
})

test('a file whose sizes are written packed is read as it is', async () => {
  const { root, store } = await dagOf('file-blocksizes-packed')
  expect(Buffer.from(await collect(readFile(root, store))).toString()).toBe('foo\nbar\n')
})

test.each([
  ['dag-pb', dagPb.code],
  ['dag-cbor', 0x71],
  ['dag-json', 0x0129],
])('a %s node above 2 MiB is refused unread: to decode it would hold up everything else', async (_, code) => {
  const bytes = new Uint8Array(2 * 1024 * 1024 + 1)
  const store = new MemoryBlockstore()
  const cid = await put(store, bytes, code)
  await expect(all(walkDag(cid, store))).rejects.toMatchObject({ code: 'DAG_INVALID' })
})

test('a CID with more than 128 bytes inside it is refused, in a block, a link and a file', async () => {
  const store = new MemoryBlockstore()
  const inside = (bytes: number): CID => CID.createV1(raw.code, identity.digest(new Uint8Array(bytes)))
  const Data = new Uint8Array([8, 2, 24, 129, 1, 32, 129, 1])
  const parent = dagPb.encode(dagPb.prepare({ Data, Links: [{ Hash: inside(129), Name: '', Tsize: 129 }] }))
  const root = await put(store, parent, dagPb.code)
  const refusal = { code: 'IDENTITY_TOO_LONG' }
  await expect(collect(readFile(root, store))).rejects.toMatchObject(refusal)
  await expect(all(walkDag(root, store))).rejects.toMatchObject(refusal)
  await expect(verifyBlock(inside(129), new Uint8Array(129))).rejects.toMatchObject(refusal)
  await expect(verifyBlock(inside(128), new Uint8Array(128))).resolves.toBeUndefined()
  await expect(verifyBlock(inside(128), new Uint8Array(127))).rejects.toMatchObject({ code: 'BLOCK_HASH_MISMATCH' })
})

test('a CID is read in every base and in both versions', async () => {
  const cid = CID.parse('bafkreifj2mmuez3avv7ldqxs6shgodn5mi2qienf34qwxw7ahizaoebiae')
  const bases = [base32upper, base36, base58btc, base64url, base64, base16, base16upper, base32hex]
  for (const base of bases) expect(parseCid(cid.toString(base)).toString()).toBe(cid.toString())
  const { root } = await dagOf('v0-root')
  expect(parseCid(root.toString()).toV1().toString()).toBe(root.toV1().toString())
  for (const text of ['', 'Q', 'f01', 'f01zz', 'not a CID']) expect(() => parseCid(text)).toThrow('is not a CID')
})
