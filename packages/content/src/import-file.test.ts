import { createHash } from 'node:crypto'
import * as dagPb from '@ipld/dag-pb'
import { expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import { importFile as importerImportFile } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { inChunks, someBytes } from '../test/support.ts'
import { importFile } from './import-file.ts'
import { importProfiles } from './profile.ts'

const MIB = 1024 * 1024
const { chunkBytes, linksPerNodeMax } = importProfiles['unixfs-v1-2025']

function cidOf(codec: number, bytes: Uint8Array): CID {
  return CID.createV1(codec, createDigest(0x12, createHash('sha256').update(bytes).digest()))
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}

/** The two-level DAG of the profile, written out by hand from the UnixFS specification. */
function expectedRoot(bytes: Uint8Array): CID {
  const leaves = Array.from({ length: Math.ceil(bytes.length / MIB) }, (_, at) =>
    bytes.subarray(at * MIB, (at + 1) * MIB),
  )
  const Data = Uint8Array.from([
    ...[0x08, 0x02],
    ...[0x18, ...varint(bytes.length)],
    ...leaves.flatMap((leaf) => [0x20, ...varint(leaf.length)]),
  ])
  const Links = leaves.map((leaf) => ({ Name: '', Tsize: leaf.length, Hash: cidOf(raw.code, leaf) }))
  return cidOf(dagPb.code, dagPb.encode({ Data, Links }))
}

test.each([
  ['no byte', new Uint8Array(), 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
  [
    'hello world',
    new TextEncoder().encode('hello world'),
    'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
  ],
])('a file of %s has the CID that IPFS gives it', async (_, bytes, cid) => {
  const store = new MemoryBlockstore()
  expect((await importFile(inChunks(bytes), store)).toString()).toBe(cid)
  expect(store.has(CID.parse(cid))).toBe(true)
})

test('a file of exactly 1 MiB is one raw block', async () => {
  const bytes = someBytes(MIB)
  expect(await importFile(inChunks(bytes), new MemoryBlockstore())).toEqual(cidOf(raw.code, bytes))
})

test.each([MIB + 1, 2 * MIB, 5 * MIB + 12_345])(
  'a file of %d bytes has the DAG of the specification',
  async (length) => {
    const bytes = someBytes(length)
    expect((await importFile(inChunks(bytes), new MemoryBlockstore())).toString()).toBe(expectedRoot(bytes).toString())
  },
)

test('how the source is cut into chunks does not matter', async () => {
  const bytes = someBytes(3 * MIB + 7)
  const roots = await Promise.all(
    [1021, 65_536, MIB, 4 * MIB].map((size) => importFile(inChunks(bytes, size), new MemoryBlockstore())),
  )
  expect(new Set(roots.map(String)).size).toBe(1)
})

test('the importer of IPFS makes the same DAG', async () => {
  const bytes = someBytes(4 * MIB + 99)
  const { cid } = await importerImportFile({ content: inChunks(bytes) }, new MemoryBlockstore(), {
    cidVersion: 1,
    rawLeaves: true,
    chunker: fixedSize({ chunkSize: chunkBytes }),
    layout: balanced({ maxChildrenPerNode: linksPerNodeMax }),
  })
  expect(await importFile(inChunks(bytes), new MemoryBlockstore())).toEqual(cid)
})

test('progress counts the bytes and an abort stops the import', async () => {
  const counts: number[] = []
  const controller = new AbortController()
  const imported = importFile(inChunks(someBytes(4 * MIB), MIB), new MemoryBlockstore(), {
    signal: controller.signal,
    onProgress: ({ bytes }) => {
      counts.push(bytes)
      if (bytes === 2 * MIB) controller.abort()
    },
  })
  await expect(imported).rejects.toMatchObject({ name: 'AbortError' })
  expect(counts).toEqual([MIB, 2 * MIB])
})
