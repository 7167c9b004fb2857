import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { fromHex, hex, inParts, noise, vectors } from '../../test/support.ts'
import { hashPairs254, reduceInPlace } from '../spec/hash-pairs.ts'
import { pieceCidV1, pieceCidV2 } from '../spec/piece-cid.ts'
import { zeroCommitments } from '../spec/zero-commitments.ts'
import { commitPiece, createPieceHasher, paddedSizeOf, padFr32 } from './index.ts'

interface Constant {
  payload: string
  payload_len: number
  padded: number
  piece_cid_v1: string
  derived_piece_cid_v2: string | null
}
interface Derived {
  payload_len: number
  padded: number
  piece_cid_v1: string
  payload_sha256?: string
}
const commp = vectors<{ constant: Constant[]; derived: Derived[] }>('commp')
const zeros = vectors<{ items: { height: number; padded_size: number; commitment: string }[] }>('zero-pieces').items

test.each(commp.constant)('CommP of $payload is the published one', async (item) => {
  const byte = Number.parseInt(/0x([0-9a-f]{2})/.exec(item.payload)![1]!, 16)
  const commitment = await commitPiece(inParts(new Uint8Array(item.payload_len).fill(byte), 100))
  expect(commitment.paddedSize).toBe(item.padded)
  expect(pieceCidV1(commitment.root)).toBe(item.piece_cid_v1)
  if (item.derived_piece_cid_v2 !== null) expect(pieceCidV2(commitment)).toBe(item.derived_piece_cid_v2)
})

test.each(commp.derived)('CommP of the derived payload of $payload_len bytes is the published one', (item) => {
  const payload = derivedPayload(item.payload_len)
  if (item.payload_sha256 !== undefined)
    expect(createHash('sha256').update(payload).digest('hex')).toBe(item.payload_sha256)
  const hasher = createPieceHasher()
  hasher.write(payload)
  const commitment = hasher.digest()
  expect(commitment.paddedSize).toBe(item.padded)
  expect(pieceCidV1(commitment.root)).toBe(item.piece_cid_v1)
})

test.each(zeros)('the zero commitment of height $height is the published one', ({ height, commitment }) => {
  expect(hex(zeroCommitments(height)[height]!)).toBe(commitment)
})

test('an empty payload is a piece of 128 zero bytes', () => {
  const { root, paddedSize, payloadSize } = createPieceHasher().digest()
  expect([hex(root), paddedSize, payloadSize]).toEqual([zeros[2]!.commitment, 128, 0])
})

const blockBytes = 512 * 127
test.each([1, 127, 128, 5000, blockBytes - 1, blockBytes, blockBytes + 1, 2 * blockBytes, 3 * blockBytes + 77])(
  'CommP of %i bytes is the same however they are cut, and that of the plain tree',
  (length) => {
    const payload = noise('cut', length)
    const paddedSize = paddedSizeOf(length)
    const whole = new Uint8Array((paddedSize / 128) * 127)
    whole.set(payload)
    const expected = hex(reduceInPlace(padFr32(whole), hashPairs254))
    for (const step of [length, Math.max(1, Math.floor(length / 7)), 65_537]) {
      const hasher = createPieceHasher()
      for (let i = 0; i < length; i += step) hasher.write(payload.subarray(i, i + step))
      expect(hasher.digest()).toEqual({ root: fromHex(expected), paddedSize, payloadSize: length })
    }
  },
)

test('a digest in the middle of a stream does not disturb it', () => {
  const payload = noise('middle', 3 * blockBytes)
  const hasher = createPieceHasher()
  hasher.write(payload.subarray(0, 100))
  expect(hasher.digest().payloadSize).toBe(100)
  hasher.write(payload.subarray(100))
  const other = createPieceHasher()
  other.write(payload)
  expect(hasher.digest()).toEqual(other.digest())
})

test('an aborted stream rejects with the reason of its signal', async () => {
  const signal = AbortSignal.abort()
  await expect(commitPiece(inParts(new Uint8Array(10), 1), { signal })).rejects.toBe(signal.reason)
})

function derivedPayload(length: number): Uint8Array {
  const out = Buffer.alloc(Math.ceil(length / 64) * 64)
  for (let i = 0; i < out.length; i += 64) {
    const last = out.subarray(Math.max(0, i - 64), i)
    createHash('sha512').update(last).digest().copy(out, i)
  }
  return out.subarray(0, length)
}
