import { describe, expect, test } from '@jest/globals'
import { flip, fromHex, hex, nodeNoise, noise, vectors } from '../../../test/support.ts'
import { concatBytes } from '../../spec/bytes.ts'
import { pieceCidV1, pieceCidV2 } from '../../spec/piece-cid.ts'
import { type Aggregate, aggregatePieces, createPieceHasher, readIndex, unpadFr32, verifyInclusion } from '../index.ts'
import { decodeIndexEntry, encodeIndexEntry, entryNode } from './index-entry.ts'
import { rootOfPath } from './sparse-tree.ts'

interface Sample {
  segments: { comm_d: string; offset: number; size: number; checksum: string; node0: string; node1: string }[]
  max_entries: number
  index_piece_cid_v1: string
  aggregate_piece_cid_v1: string
}
const { sample_1MiB: sample } = vectors<{ sample_1MiB: Sample }>('data-segment')
const published = sample.segments.map(({ comm_d, size }) => ({ root: fromHex(comm_d), paddedSize: size }))

function pieceOf(payload: Uint8Array) {
  const hasher = createPieceHasher()
  hasher.write(payload)
  return hasher.digest()
}

test('the published segments give the published places, checksums, index and aggregate', () => {
  const aggregate = aggregatePieces({ pieces: published })
  expect(aggregate.segments.map(({ offset, size, checksum }) => ({ offset, size, checksum: hex(checksum) }))).toEqual(
    sample.segments.map(({ offset, size, checksum }) => ({ offset, size, checksum })),
  )
  expect(aggregate.index).toMatchObject({ entriesMax: sample.max_entries, offset: 2 ** 20 - 512 })
  expect(pieceCidV1(aggregate.index.commitment.root)).toBe(sample.index_piece_cid_v1)
  expect(pieceCidV1(aggregate.commitment.root)).toBe(sample.aggregate_piece_cid_v1)
  expect(aggregate.commitment.paddedSize).toBe(2 ** 20)
  expect(sample.segments.map(({ node0, node1 }) => decodeIndexEntry(fromHex(node0 + node1)))).toEqual(
    published.map(({ root, paddedSize: size }, i) => ({ root, size, offset: sample.segments[i]!.offset })),
  )
})

test('the aggregate and its index commit to the data that is laid out as they say', () => {
  const payloads = [noise('a', 1000), noise('b', 127 * 8), noise('c', 3), noise('d', 500)]
  const pieces = payloads.map(pieceOf)
  const { commitment, segments, index } = aggregatePieces({ pieces })
  const payload = new Uint8Array(commitment.payloadSize)
  payloads.forEach((bytes, i) => {
    payload.set(bytes, (segments[i]!.offset / 128) * 127)
  })
  const indexAt = (index.offset / 128) * 127
  payload.set(index.payload, indexAt)
  expect(pieceOf(payload)).toEqual(commitment)
  expect(pieceOf(payload.subarray(indexAt))).toEqual(index.commitment)
  expect(readIndex(payload.subarray(indexAt))).toEqual(
    segments.map(({ root, offset, size }) => ({ root, offset, size })),
  )
  expect(pieceCidV2(commitment)).toMatch(/^bafkzcib/)
})

test.each([1, 2, 5, 100])('each of %i pieces of many sizes is proven to be in the aggregate', (count) => {
  const pieces = Array.from({ length: count }, (_, i) => ({
    root: nodeNoise(`root ${i}`, 1),
    paddedSize: 128 * 2 ** ((7 * i) % 11),
  }))
  const { commitment, segments } = aggregatePieces({ pieces })
  segments.forEach(({ proof }, i) => {
    expect(verifyInclusion({ piece: pieces[i]!, aggregate: commitment, proof })).toEqual({ ok: true })
  })
})

test('the same pieces in a larger aggregate keep their places', () => {
  const { segments } = aggregatePieces({ pieces: published })
  const larger = aggregatePieces({ pieces: published, paddedSize: 2 ** 35 })
  expect(larger.segments.map(({ offset }) => offset)).toEqual(segments.map(({ offset }) => offset))
  expect(larger.index).toMatchObject({ entriesMax: 2 ** 18, offset: 2 ** 35 - 2 ** 24 })
  const [{ proof }] = larger.segments as [Aggregate['segments'][0]]
  expect(verifyInclusion({ piece: published[0]!, aggregate: larger.commitment, proof })).toEqual({ ok: true })
})

describe('an inclusion is refused by name', () => {
  const { commitment, segments } = aggregatePieces({ pieces: published })
  const [{ proof }, { proof: other }] = segments as [Aggregate['segments'][0], Aggregate['segments'][0]]
  const good = { piece: published[0]!, aggregate: commitment, proof }
  const refusal = (reason: string) => ({ ok: false, reason })
  const changed = (siblings: readonly Uint8Array[], at: number) => siblings.map((s, i) => (i === at ? flip(s, 0) : s))

  test('another piece, or the piece at another place', () => {
    expect(verifyInclusion({ ...good, piece: { ...good.piece, root: noise('other', 32) } })).toEqual(
      refusal('SEGMENT_NOT_IN_AGGREGATE'),
    )
    const shifted = { ...proof, segment: { ...proof.segment, index: 1 } }
    expect(verifyInclusion({ ...good, proof: shifted })).toEqual(refusal('SEGMENT_WITHIN_INDEX'))
    const second = { ...other, segment: { ...other.segment, index: 1 } }
    expect(verifyInclusion({ ...good, piece: published[1]!, proof: second })).toEqual(
      refusal('SEGMENT_NOT_IN_AGGREGATE'),
    )
  })

  test('another aggregate', () => {
    const aggregate = { ...commitment, root: noise('other', 32) }
    expect(verifyInclusion({ ...good, aggregate })).toEqual(refusal('SEGMENT_NOT_IN_AGGREGATE'))
  })

  test("another piece's entry", () => {
    expect(verifyInclusion({ ...good, proof: { ...proof, entry: other.entry } })).toEqual(
      refusal('ENTRY_NOT_IN_AGGREGATE'),
    )
  })

  test.each([0, 5, 13])('a changed sibling %i of the entry, or one of the segment', (at) => {
    const entry = { ...proof.entry, siblings: changed(proof.entry.siblings, at) }
    expect(verifyInclusion({ ...good, proof: { ...proof, entry } })).toEqual(refusal('ENTRY_NOT_IN_AGGREGATE'))
    const segment = { ...proof.segment, siblings: changed(proof.segment.siblings, 0) }
    expect(verifyInclusion({ ...good, proof: { ...proof, segment } })).toEqual(refusal('SEGMENT_NOT_IN_AGGREGATE'))
  })

  test('a real entry of the piece that lies outside of the index', () => {
    const entry = encodeIndexEntry({ root: published[0]!.root, offset: 0, size: 2 ** 19 })
    const decoy = new Uint8Array(127)
    decoy.set(unpadFr32(concatBytes([entry, new Uint8Array(64)])))
    const forged = aggregatePieces({ pieces: [published[0]!, pieceOf(decoy)] })
    const inDecoy = entryNode(new Uint8Array(64))
    const honest = forged.segments[1]!.proof.segment
    const path = { index: honest.index * 2, siblings: [inDecoy, ...honest.siblings] }
    expect(hex(rootOfPath(entryNode(entry), path))).toBe(hex(forged.commitment.root))
    const outside = { ...forged.segments[0]!.proof, entry: path }
    expect(verifyInclusion({ piece: published[0]!, aggregate: forged.commitment, proof: outside })).toEqual(
      refusal('ENTRY_OUTSIDE_INDEX'),
    )
  })

  test.each([
    ['shorter', (s: readonly Uint8Array[]) => s.slice(1)],
    ['longer', (s: readonly Uint8Array[]) => [...s, new Uint8Array(32)]],
    ['empty', () => []],
  ])('a path that is %s', (_, cut) => {
    for (const part of ['segment', 'entry'] as const) {
      const path = { ...proof[part], siblings: cut(proof[part].siblings) }
      expect(verifyInclusion({ ...good, proof: { ...proof, [part]: path } })).toEqual(refusal('PATH_LENGTH_WRONG'))
    }
  })

  test('an index past the width of the tree, which would lead to the same root', () => {
    const segment = { ...proof.segment, index: 2 }
    expect(verifyInclusion({ ...good, proof: { ...proof, segment } })).toEqual(refusal('PATH_LENGTH_WRONG'))
    const entry = { ...proof.entry, index: proof.entry.index + 2 ** 19 }
    expect(verifyInclusion({ ...good, proof: { ...proof, entry } })).toEqual(refusal('PATH_LENGTH_WRONG'))
  })

  test('another size of piece or aggregate', () => {
    const whole = { segment: { index: 0, siblings: [] }, entry: proof.entry }
    const tooLarge = { root: commitment.root, paddedSize: 2 ** 21 }
    expect(verifyInclusion({ ...good, piece: tooLarge, proof: whole })).toEqual(refusal('PATH_LENGTH_WRONG'))
    expect(verifyInclusion({ ...good, piece: { ...good.piece, paddedSize: 2 ** 18 } })).toEqual(
      refusal('PATH_LENGTH_WRONG'),
    )
    expect(verifyInclusion({ ...good, aggregate: { ...commitment, paddedSize: 2 ** 21 } })).toEqual(
      refusal('PATH_LENGTH_WRONG'),
    )
  })

  test.each<[string, object, string]>([
    ['a root of 31 bytes', { piece: { root: new Uint8Array(31), paddedSize: 128 } }, 'INPUT_INVALID'],
    ['a size that is no power of two', { piece: { ...published[0]!, paddedSize: 384 } }, 'INPUT_INVALID'],
    ['a negative index', { proof: { ...proof, segment: { ...proof.segment, index: -1 } } }, 'PATH_LENGTH_WRONG'],
    [
      'an index that is no integer',
      { proof: { ...proof, segment: { ...proof.segment, index: 0.5 } } },
      'INPUT_INVALID',
    ],
    [
      'a sibling of 33 bytes',
      { proof: { ...proof, entry: { index: 0, siblings: [new Uint8Array(33)] } } },
      'INPUT_INVALID',
    ],
    ['no proof', { proof: undefined }, 'INPUT_INVALID'],
  ])('%s', (_, change, reason) => {
    expect(verifyInclusion({ ...good, ...change })).toEqual(refusal(reason))
  })
})

describe('no aggregate is made of', () => {
  test.each([
    ['no pieces', { pieces: [] }, 'AGGREGATE_INPUT_INVALID'],
    ['a root of 31 bytes', { pieces: [{ root: new Uint8Array(31), paddedSize: 128 }] }, 'AGGREGATE_INPUT_INVALID'],
    [
      'a root with a top bit set',
      { pieces: [{ root: new Uint8Array(32).fill(0xff), paddedSize: 128 }] },
      'AGGREGATE_INPUT_INVALID',
    ],
    [
      'a size that is no power of two',
      { pieces: [{ root: new Uint8Array(32), paddedSize: 384 }] },
      'PIECE_SIZE_INVALID',
    ],
    ['a size of 0', { pieces: [{ root: new Uint8Array(32), paddedSize: 0 }] }, 'AGGREGATE_INPUT_INVALID'],
    ['pieces that leave no place for the index', { pieces: published, paddedSize: 2 ** 19 }, 'PIECES_DO_NOT_FIT'],
    ['one that fills the aggregate', { pieces: published.slice(0, 1), paddedSize: 2 ** 19 }, 'PIECES_DO_NOT_FIT'],
    [
      'more pieces than the index has entries',
      { pieces: Array.from({ length: 5 }, () => ({ root: new Uint8Array(32), paddedSize: 128 })), paddedSize: 2 ** 16 },
      'AGGREGATE_INPUT_INVALID',
    ],
  ])('%s', (_, input, code) => {
    expect(() => aggregatePieces(input)).toThrow(expect.objectContaining({ code }))
  })
})

test('an index entry with any changed bit is no entry', () => {
  const entry = encodeIndexEntry({ root: published[0]!.root, offset: 2 ** 40, size: 2 ** 20 })
  expect(decodeIndexEntry(entry)).toMatchObject({ offset: 2 ** 40, size: 2 ** 20 })
  for (let at = 0; at < entry.length; at += 1)
    for (let bit = 1; bit < 256; bit *= 2) expect(decodeIndexEntry(flip(entry, at, bit))).toBeUndefined()
  expect(decodeIndexEntry(new Uint8Array(64))).toBeUndefined()
  expect(decodeIndexEntry(entry.subarray(1))).toBeUndefined()
})

test.each([
  ['a place that is no multiple of its size', { root: published[0]!.root, offset: 128, size: 256 }],
  ['a size below 128', { root: published[0]!.root, offset: 0, size: 64 }],
  ['a size that is no power of two', { root: published[0]!.root, offset: 0, size: 384 }],
  ['an end past the safe integers', { root: published[0]!.root, offset: 2 ** 53, size: 2 ** 53 }],
  ['a root with a top bit', { root: new Uint8Array(32).fill(0xff), offset: 0, size: 128 }],
])('an entry with its own checksum and %s is no entry', (_, entry) => {
  expect(decodeIndexEntry(encodeIndexEntry(entry))).toBeUndefined()
})

test('an index of noise has no entries', () => {
  expect(readIndex(noise('index', 127 * 4))).toEqual([])
})
