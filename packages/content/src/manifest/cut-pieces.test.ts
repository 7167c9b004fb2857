import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type CutSizes, cutAsBefore, cutPieces, type PieceCut } from './cut-pieces.ts'

const HEADER_BYTES = 59

/** @param leads bytes that a CAR has before each block, beside its header */
function sequenceOf(sections: readonly number[], leads: readonly number[] = []) {
  const starts = [0]
  for (const section of sections) starts.push(starts.at(-1)! + section)
  return {
    blocks: sections.length,
    startOf: (block: number) => starts[block]!,
    leadOf: (block: number) => HEADER_BYTES + (leads[block] ?? 0),
  }
}

function cut(sections: readonly number[], sizes: CutSizes, leads: readonly number[] = []): PieceCut[] {
  return cutPieces({ ...sizes, ...sequenceOf(sections, leads) })
}

const paid = (cuts: readonly { pieceSize: number }[], pieceCost: number) =>
  cuts.reduce((sum, { pieceSize }) => sum + pieceSize + pieceCost, 0)

interface Sizes {
  readonly pieceSizeMax: number
  readonly pieceSizeMin: number
  readonly pieceCost: number
}

/** The least that can be paid, by trying all ways to cut. */
function leastPaid(sections: readonly number[], sizes: Sizes): number {
  const least = [0]
  for (let blocks = 1; blocks <= sections.length; blocks++) {
    // The last piece holds the blocks from each possible place on.
    const ways = Array.from({ length: blocks }, (_, first) => {
      const payload = HEADER_BYTES + sections.slice(first, blocks).reduce((sum, section) => sum + section, 0)
      const pieceSize = Math.max(128, 2 ** Math.ceil(Math.log2((payload * 128) / 127)))
      const fits =
        pieceSize <= sizes.pieceSizeMax && (pieceSize >= sizes.pieceSizeMin || blocks - first === sections.length)
      return fits ? least[first]! + pieceSize + sizes.pieceCost : Number.POSITIVE_INFINITY
    })
    least.push(Math.min(...ways))
  }
  return least.at(-1)!
}

test('all is one piece where nothing limits it', () => {
  expect(cut([100, 1_000, 1_000], {})).toEqual([{ first: 0, end: 3, payloadSize: 2_159, pieceSize: 4_096 }])
})

test('from the largest piece down, each is filled, until a cut saves less than a piece more costs', () => {
  // 31 blocks go into 32 KiB.
  const sections = Array.from({ length: 31 + 31 + 15 + 7 + 1 }, () => 1_024)
  const sizes = { pieceSizeMax: 32_768 }
  const sizesOf = (pieceCost: number) => cut(sections, { ...sizes, pieceCost }).map(({ pieceSize }) => pieceSize)
  expect(sizesOf(0)).toEqual([32_768, 32_768, 16_384, 8_192, 2_048])
  expect(sizesOf(6_500)).toEqual([32_768, 32_768, 32_768])
})

test('every block is in one piece, in order, and no piece is larger than allowed', () => {
  const sections = fc.array(fc.integer({ min: 40, max: 2_000 }), { minLength: 1, maxLength: 200, size: 'max' })
  const leads = fc.array(fc.nat(500), { minLength: 200, maxLength: 200, size: 'max' })
  fc.assert(
    fc.property(sections, leads, fc.integer({ min: 12, max: 16 }), fc.nat(5_000), (all, before, power, pieceCost) => {
      const pieceSizeMax = 2 ** power
      const cuts = cut(all, { pieceSizeMax, pieceCost }, [0, ...before])
      expect(cuts[0]!.first).toBe(0)
      expect(cuts.at(-1)!.end).toBe(all.length)
      for (const [at, { first, end, payloadSize, pieceSize }] of cuts.entries()) {
        if (at > 0) expect(first).toBe(cuts[at - 1]!.end)
        const lead = HEADER_BYTES + (first === 0 ? 0 : before[first - 1]!)
        expect(payloadSize).toBe(lead + all.slice(first, end).reduce((sum, section) => sum + section, 0))
        expect(end).toBeGreaterThan(first)
        expect(payloadSize).toBeLessThanOrEqual((pieceSize / 128) * 127)
        expect(pieceSize).toBeLessThanOrEqual(pieceSizeMax)
      }
    }),
  )
})

test('of chunks of one size, no way to cut costs less', () => {
  const blocks = fc.integer({ min: 1, max: 64 })
  fc.assert(
    fc.property(blocks, fc.integer({ min: 13, max: 16 }), fc.nat(20_000), (count, power, pieceCost) => {
      const sections = Array.from({ length: count }, () => 1_024 + 38)
      const sizes = { pieceSizeMax: 2 ** power, pieceSizeMin: 128, pieceCost }
      expect(paid(cut(sections, sizes), pieceCost)).toBe(leastPaid(sections, sizes))
    }),
    { numRuns: 300 },
  )
})

test('of blocks of any size, the cuts cost at most a quarter more than the cheapest', () => {
  const sections = fc.array(fc.integer({ min: 40, max: 1_062 }), { minLength: 1, maxLength: 48, size: 'max' })
  fc.assert(
    fc.property(
      sections,
      fc.integer({ min: 13, max: 16 }),
      fc.integer({ min: 1_062, max: 20_000 }),
      (all, power, pieceCost) => {
        const sizes = { pieceSizeMax: 2 ** power, pieceSizeMin: 128, pieceCost }
        expect(paid(cut(all, sizes), pieceCost)).toBeLessThanOrEqual(1.25 * leastPaid(all, sizes))
      },
    ),
    { numRuns: 1_000, examples: [[[41, 695, 601, 244, 292, 746, 400, 987], 13, 1_062]] },
  )
})

test('no piece is smaller than a provider takes, where there is more than that', () => {
  const sections = fc.array(fc.integer({ min: 40, max: 1_062 }), { minLength: 8, maxLength: 100, size: 'max' })
  fc.assert(
    fc.property(sections, (all) => {
      const cuts = cut(all, { pieceSizeMax: 16_384, pieceSizeMin: 4_096, pieceCost: 0 })
      if (cuts.length > 1) expect(Math.min(...cuts.map(({ pieceSize }) => pieceSize))).toBeGreaterThanOrEqual(4_096)
    }),
  )
})

test('a block that is larger than a piece may be is refused', () => {
  expect(() => cut([100, 9_000], { pieceSizeMax: 8_192 })).toThrow(
    expect.objectContaining({ code: 'PIECE_TOO_LARGE', details: { payloadSize: 9_059, pieceSizeMax: 8_192 } }),
  )
})

test('what was cut before is cut the same, whatever sizes are taken by now', () => {
  const sections = fc.array(fc.integer({ min: 40, max: 2_000 }), { minLength: 1, maxLength: 100, size: 'max' })
  const leads = fc.array(fc.nat(500), { minLength: 100, maxLength: 100, size: 'max' })
  const sizes = fc.constantFrom(4_096, 8_192, 65_536)
  fc.assert(
    fc.property(sections, leads, sizes, (blocks, ways, pieceSizeMax) => {
      const before = cut(blocks, { pieceSizeMax }, ways)
      const payloadSizes = before.map(({ payloadSize }) => payloadSize)
      expect(cutAsBefore(sequenceOf(blocks, ways), payloadSizes)).toEqual(before)
    }),
  )
})

test('sizes that no cuts give are of another content', () => {
  const sequence = sequenceOf([100, 200, 300])
  expect(cutAsBefore(sequence, [159, 559])).toHaveLength(2)
  for (const sizes of [[], [658], [660], [159], [159, 259], [159, 558], [159, 559, 59], [0, 659]])
    expect({ sizes, cuts: cutAsBefore(sequence, sizes) }).toEqual({ sizes, cuts: undefined })
})
