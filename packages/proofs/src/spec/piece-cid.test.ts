import { expect, test } from '@jest/globals'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { fromHex, noise, vectors } from '../../test/support.ts'
import { parsePieceCid, pieceCidFromBytes, pieceCidToBytes, pieceCidV1, pieceCidV2 } from './piece-cid.ts'

interface Item {
  payload: string
  payload_len: number
  padded: number
  root: string
  piece_cid_v1: string
  piece_cid_v2: string
}
const { items } = vectors<{ items: Item[] }>('piece-cid-v2')
const zeros = vectors<{
  items: { padded_size: number; commitment: string; piece_cid_v1?: string; piece_cid_v2?: string }[]
}>('zero-pieces').items.filter((item) => item.padded_size >= 128)

test.each(items)('the piece CIDs of $payload are the published ones, and parse back', (item) => {
  const commitment = { root: fromHex(item.root), paddedSize: item.padded, payloadSize: item.payload_len }
  expect(pieceCidV1(commitment.root)).toBe(item.piece_cid_v1)
  expect(pieceCidV2(commitment)).toBe(item.piece_cid_v2)
  expect(parsePieceCid(item.piece_cid_v1)).toEqual({ version: 1, root: commitment.root })
  expect(parsePieceCid(item.piece_cid_v2)).toEqual({ version: 2, ...commitment })
  expect(pieceCidFromBytes(pieceCidToBytes(item.piece_cid_v2))).toBe(item.piece_cid_v2)
})

test.each(zeros)('the piece CIDs of $padded_size bytes of zeros are the published ones', (item) => {
  const root = fromHex(item.commitment)
  const payloadSize = (item.padded_size / 128) * 127
  expect(pieceCidV1(root)).toBe(item.piece_cid_v1)
  expect(pieceCidV2({ root, paddedSize: item.padded_size, payloadSize })).toBe(item.piece_cid_v2)
})

test('the largest height is 63, and its sizes are exact', () => {
  const commitment = { root: noise('root', 32), paddedSize: 2 ** 68, payloadSize: 127 * 2 ** 61 }
  expect(parsePieceCid(pieceCidV2(commitment))).toEqual({ version: 2, ...commitment })
})

const root = noise('root', 32)
const v2 = (digest: Uint8Array | number[], codec = 0x55, hash = 0x1011) =>
  CID.createV1(codec, create(hash, new Uint8Array(digest))).toString()
const good = pieceCidV2({ root, paddedSize: 256, payloadSize: 200 })

test.each([
  ['a height of 1', v2([0, 1, ...root])],
  ['a height of 64', v2([0, 64, ...root])],
  ['a root that is too short', v2([0, 3, ...root.subarray(1)])],
  ['a spare byte', v2([0, 3, ...root, 0])],
  ['a padding of half of the piece', v2([127, 3, ...root])],
  ['a padding of more than the piece', v2([128, 1, 2, ...root])],
  ['a padding written longer than needed', v2([0x80, 0, 3, ...root])],
  ['a padding without an end', v2(new Uint8Array(44).fill(0x80))],
  ['an empty digest', v2([])],
  ['another codec', v2([0, 3, ...root], 0x70)],
  ['a root CID', 'bafkreie3ntx3nzvhuv63btdsgaeste6gurdigzw2soryitq6m3f3p24nba'],
  ['base58', CID.parse(good).toString(base58btc)],
  ['upper case', good.toUpperCase()],
  ['text that is no CID', 'piece'],
  ['nothing', ''],
  ['a v1 of 31 bytes', v2(root.subarray(1), 0xf101, 0x1012)],
])('%s is refused as a piece CID', (_, text) => {
  expect(() => parsePieceCid(text)).toThrow(expect.objectContaining({ code: 'PIECE_CID_INVALID' }))
})

test('bytes that are no canonical piece CID v2 are refused', () => {
  const bytes = pieceCidToBytes(good)
  const invalid = expect.objectContaining({ code: 'PIECE_CID_INVALID' })
  expect(() => pieceCidFromBytes(new Uint8Array([...bytes, 0]))).toThrow(invalid)
  expect(() => pieceCidFromBytes(bytes.subarray(1))).toThrow(invalid)
  expect(() => pieceCidFromBytes(new Uint8Array())).toThrow(invalid)
  expect(() => pieceCidToBytes(pieceCidV1(root))).toThrow(invalid)
})

test.each([
  [100, 50],
  [128, 128],
  [256, 127],
  [256, -1],
  [128, 1.5],
  [64, 0],
])('a piece of %i padded and %i payload bytes has no piece CID', (paddedSize, payloadSize) => {
  const invalid = expect.objectContaining({ code: 'PIECE_CID_INVALID' })
  expect(() => pieceCidV2({ root, paddedSize, payloadSize })).toThrow(invalid)
})

test('a damaged piece CID is never read as the original', () => {
  for (let i = 0; i < good.length; i += 1) {
    const other = good.slice(0, i) + (good[i] === 'a' ? 'b' : 'a') + good.slice(i + 1)
    if (other === good) continue
    try {
      expect(parsePieceCid(other)).not.toEqual(parsePieceCid(good))
    } catch (error) {
      expect(error).toMatchObject({ code: 'PIECE_CID_INVALID' })
    }
  }
})
