import { expect, test } from '@jest/globals'
import { fromHex, hex, noise, vectors } from '../../test/support.ts'
import { createPieceHasher } from '../piece/index.ts'
import { computeCommD, placePieces } from './comm-d.ts'
import { padFr32 } from './fr32.ts'
import { hashPairs254, reduceInPlace } from './hash-pairs.ts'
import { parsePieceCid } from './piece-cid.ts'

const zeros = vectors<{ items: { height: number; padded_size: number; commitment: string }[] }>('zero-pieces').items

test.each(zeros.filter((item) => item.padded_size >= 128))(
  'CommD of no pieces is the zero commitment of $padded_size bytes',
  (item) => {
    expect(hex(computeCommD([], item.padded_size))).toBe(item.commitment)
  },
)

test.each([
  [
    [128, 128, 256],
    [0, 128, 256],
  ],
  [
    [128, 256, 128],
    [0, 256, 512],
  ],
  [
    [512, 128, 256],
    [0, 512, 768],
  ],
  [[1024], [0]],
  [[], []],
])('pieces of %j are placed at %j', (sizes, offsets) => {
  expect(placePieces(sizes, 1024)).toEqual(offsets)
})

test.each([[[256, 512, 256]], [[1024, 128]], [[2048]], [[128, 1024]]])('pieces of %j do not fit into 1024', (sizes) => {
  expect(() => placePieces(sizes, 1024)).toThrow(expect.objectContaining({ code: 'PIECES_DO_NOT_FIT' }))
  const pieces = sizes.map((paddedSize) => ({ root: new Uint8Array(32), paddedSize }))
  expect(() => computeCommD(pieces, 1024)).toThrow(expect.objectContaining({ code: 'PIECES_DO_NOT_FIT' }))
})

test.each([0, 64, 127, 192, -128, Number.NaN, 2 ** 40 + 1])('a padded size of %d is refused', (size) => {
  expect(() => placePieces([size], 2 ** 41)).toThrow(expect.objectContaining({ code: 'PIECE_SIZE_INVALID' }))
})

test('CommD of pieces is the root over the whole sector with the pieces at their places', () => {
  const sizes = [128, 256, 128, 1024]
  const payloads = sizes.map((size, i) => noise(`piece ${i}`, (size / 128) * 127))
  const pieces = payloads.map((payload) => {
    const hasher = createPieceHasher()
    hasher.write(payload)
    return hasher.digest()
  })
  const sector = new Uint8Array(4096)
  placePieces(sizes, 4096).forEach((offset, i) => {
    sector.set(padFr32(payloads[i]!), offset)
  })
  expect(hex(computeCommD(pieces, 4096))).toBe(hex(reduceInPlace(sector, hashPairs254)))
})

// FRC-0058's example: two segments and an index make the aggregate.
test('the aggregate of the published segments and index is the published one', () => {
  const sample = vectors<{
    sample_1MiB: {
      segments: { comm_d: string; offset: number; size: number; node0: string; node1: string }[]
      max_entries: number
      index_piece_cid_v1: string
      aggregate_piece_cid_v1: string
    }
  }>('data-segment').sample_1MiB
  const index = new Uint8Array(sample.max_entries * 64)
  sample.segments.forEach((segment, i) => {
    index.set(fromHex(segment.node0 + segment.node1), 64 * i)
  })
  const indexRoot = parsePieceCid(sample.index_piece_cid_v1).root
  expect(hex(reduceInPlace(index.slice(), hashPairs254))).toBe(hex(indexRoot))

  const sectorBytes = 2 ** 20
  const pieces = sample.segments.map((segment) => ({ root: fromHex(segment.comm_d), paddedSize: segment.size }))
  const filler = [131_072, 65_536, 32_768, 16_384, 8192, 4096, 2048, 1024, 512].map((paddedSize) => ({
    root: fromHex(zeros.find((zero) => zero.padded_size === paddedSize)!.commitment),
    paddedSize,
  }))
  const aggregate = computeCommD([...pieces, ...filler, { root: indexRoot, paddedSize: 512 }], sectorBytes)
  expect(hex(aggregate)).toBe(hex(parsePieceCid(sample.aggregate_piece_cid_v1).root))
  expect(
    placePieces(
      sample.segments.map((segment) => segment.size),
      sectorBytes,
    ),
  ).toEqual(sample.segments.map((s) => s.offset))
})
