import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { naiveCommP } from '../../test/naive-commp.ts'
import { hex, nodeNoise, noise } from '../../test/support.ts'
import { hashPairs254 } from '../spec/hash-pairs.ts'
import { computeCommD } from '../verify/index.ts'
import {
  aggregatePieces,
  commitPiece,
  createPieceHasher,
  loadPairHasher,
  padFr32,
  readIndex,
  unpadFr32,
  verifyInclusion,
} from './index.ts'

const seeded = (numRuns: number) => ({ seed: 20_240_612, numRuns })
const BLOCK_BYTES = 512 * 127
/** Lengths around where a unit, a block or a power of two begins, and any in between. */
const lengths = fc.oneof(
  fc.nat(3000),
  fc
    .tuple(
      fc.constantFrom(127, 127 * 8, BLOCK_BYTES, 2 * BLOCK_BYTES, 3 * BLOCK_BYTES),
      fc.integer({ min: -2, max: 2 }),
    )
    .map(([length, more]) => length + more),
)
const payloads = fc.tuple(fc.nat(), lengths).map(([seed, length]) => noise(`payload ${seed}`, length))

/** Any cut into parts, empty ones included. */
function* cut(payload: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  const ends = places.map((place) => place % (payload.length + 1)).sort((a, b) => a - b)
  let start = 0
  for (const end of [...ends, payload.length]) {
    yield payload.subarray(start, end)
    start = end
  }
}

async function* stream(parts: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* parts
}

describe('CommP', () => {
  test('is that of the definition, however the payload is cut and whichever hasher there is', async () => {
    const quick = await loadPairHasher()
    const property = fc.asyncProperty(payloads, fc.array(fc.nat(), { maxLength: 6 }), async (payload, places) => {
      const expected = { ...naiveCommP(payload), payloadSize: payload.length }
      expect(await commitPiece(stream(cut(payload, places)))).toEqual(expected)
      for (const hash of [quick, hashPairs254]) {
        const hasher = createPieceHasher(hash)
        for (const part of cut(payload, places)) hasher.write(part)
        expect(hasher.digest()).toEqual(expected)
      }
    })
    await fc.assert(property, seeded(25))
  })

  test('is another for a payload with any changed byte', () => {
    const property = fc.property(
      payloads.filter(({ length }) => length > 0),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (payload, place, change) => {
        const changed = payload.slice()
        changed[place % payload.length]! ^= change
        expect(naive(changed)).not.toBe(naive(payload))
      },
    )
    fc.assert(property, seeded(60))
  })

  function naive(payload: Uint8Array): string {
    const hasher = createPieceHasher()
    hasher.write(payload)
    return hex(hasher.digest().root)
  }
})

test('padding is undone by unpadding, and every node is a field element', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 1000 }), (payload) => {
    const nodes = padFr32(payload)
    for (let at = 31; at < nodes.length; at += 32) expect(nodes[at]).toBeLessThan(0x40)
    const back = unpadFr32(nodes)
    expect(hex(back.subarray(0, payload.length))).toBe(hex(payload))
    expect(back.subarray(payload.length).every((byte) => byte === 0)).toBe(true)
  })
  fc.assert(property, seeded(300))
})

describe('an aggregate of any pieces', () => {
  const roots = fc.nat().map((seed) => nodeNoise(`root ${seed}`, 1))
  const pieces = fc.array(
    fc.record({ root: roots, paddedSize: fc.integer({ min: 7, max: 36 }).map((exponent) => 2 ** exponent) }),
    { minLength: 1, maxLength: 12 },
  )

  test('is CommD of pieces and index at their places, and proves that each is in it', () => {
    const property = fc.property(pieces, (list) => {
      const { commitment, segments, index } = aggregatePieces({ pieces: list })
      const { root, paddedSize } = index.commitment
      const filling = fillTo(segments.at(-1)!.offset + segments.at(-1)!.size, index.offset)
      expect(computeCommD([...list, ...filling, { root, paddedSize }], commitment.paddedSize)).toEqual(commitment.root)
      expect(readIndex(index.payload)).toEqual(segments.map(({ root: r, offset, size }) => ({ root: r, offset, size })))
      segments.forEach(({ proof }, i) => {
        expect(verifyInclusion({ piece: list[i]!, aggregate: commitment, proof })).toEqual({ ok: true })
      })
    })
    fc.assert(property, seeded(60))
  })

  test('proves no other piece, place or aggregate', () => {
    const changes = fc.constantFrom('root', 'aggregate', 'segment.index', 'entry.index', 'segment', 'entry')
    const property = fc.property(pieces, fc.nat(), changes, fc.nat(), (list, which, change, seed) => {
      const { commitment, segments } = aggregatePieces({ pieces: list })
      const place = which % list.length
      const proof = structuredClone(segments[place]!.proof) as Mutable
      const input = { piece: { ...list[place]! }, aggregate: { ...commitment }, proof }
      if (change === 'root') input.piece.root = nodeNoise(`other ${seed}`, 1)
      if (change === 'aggregate') input.aggregate.root = nodeNoise(`other ${seed}`, 1)
      if (change === 'segment.index') proof.segment.index += 1 + (seed % 100)
      if (change === 'entry.index') proof.entry.index -= 1 + (seed % 100)
      if (change === 'segment' || change === 'entry') {
        const { siblings } = proof[change]
        siblings[seed % siblings.length]![seed % 32]! ^= 1
      }
      expect(verifyInclusion(input).ok).toBe(false)
    })
    fc.assert(property, seeded(200))
  })

  interface Mutable {
    segment: { index: number; siblings: Uint8Array[] }
    entry: { index: number; siblings: Uint8Array[] }
  }

  /** Zero pieces from the last segment to the index. */
  function fillTo(from: number, to: number): { root: Uint8Array; paddedSize: number }[] {
    const filling = []
    for (let at = from; at < to; ) {
      let size = 128
      while (at % (2 * size) === 0 && at + 2 * size <= to) size *= 2
      filling.push({ root: computeCommD([], size), paddedSize: size })
      at += size
    }
    return filling
  }
})
