/**
 * Where a sequence of blocks is cut into CARs. Pieces are powers of two, and a provider is paid for all of one: so they are
 * filled, from the largest down, and not of one size. docs/spec/content.md
 */
import { GranaryError } from '@granary/base'
import { paddedSizeOf } from '@granary/proofs/piece'

export interface CutSizes {
  /** The largest piece that a provider takes, padded: a power of two. @default all is one piece */
  readonly pieceSizeMax?: number | undefined
  /** The smallest. @default 128 */
  readonly pieceSizeMin?: number | undefined
  /**
   * What one piece more costs beside the price of its bytes (fees, the least collateral), in bytes of a piece: a cut must
   * save more. @default a sixteenth of the largest
   */
  readonly pieceCost?: number | undefined
}

export interface CutInput extends CutSizes {
  readonly blocks: number
  /** Bytes of the sections before a block; given the number of blocks, of all. */
  startOf(block: number): number
  /** Bytes that a CAR which begins with this block has before it. */
  leadOf(block: number): number
}

export interface PieceCut {
  /** The blocks from `first` up to, and without, `end`. */
  readonly first: number
  readonly end: number
  /** Bytes of the CAR. */
  readonly payloadSize: number
  /** Padded. */
  readonly pieceSize: number
}

const PIECE_BYTES_MIN = 128
/** No smaller share of what is left is tried, so that the ways are few however many blocks there are. */
const REST_SHARES = 64

export class BlockTooLargeError extends GranaryError {
  constructor(payloadSize: number, pieceSizeMax: number) {
    super({
      code: 'PIECE_TOO_LARGE',
      message: `a block and the nodes on the way to it take ${payloadSize} bytes; the largest piece is ${pieceSizeMax} bytes, with room for ${payloadMax(pieceSizeMax)}`,
      hint: 'use a chain whose providers take larger pieces',
      details: { payloadSize, pieceSizeMax },
    })
  }
}

/** @throws BlockTooLargeError PIECE_TOO_LARGE for a block that is in no piece */
export function cutPieces(input: CutInput): PieceCut[] {
  const { blocks, pieceSizeMax = Number.MAX_SAFE_INTEGER, pieceSizeMin = PIECE_BYTES_MIN } = input
  // From here on to the end there is enough for a piece of the smallest size.
  const restFrom = lastWhere(
    input,
    (block) => input.startOf(blocks) - input.startOf(block) > payloadMax(pieceSizeMin / 2),
  )
  const cuts: PieceCut[] = []
  let first = 0
  while (blocks > 0 && payloadOf(input, first, blocks) > payloadMax(pieceSizeMax)) {
    const full = filled(input, first, pieceSizeMax)
    const end = full > restFrom && restFrom > first ? restFrom : full
    if (end === first) throw new BlockTooLargeError(payloadOf(input, first, first + 1), pieceSizeMax)
    cuts.push(cutOf(input, first, end))
    first = end
  }
  if (first < blocks) cuts.push(...cutRest(input, first))
  return cuts
}

/**
 * The very pieces that the same content was cut into before, whatever sizes are taken today: deals were made for them.
 * @param payloadSizes bytes of each CAR
 * @returns undefined where no cuts give CARs of these sizes
 */
export function cutAsBefore(
  input: Omit<CutInput, keyof CutSizes>,
  payloadSizes: readonly number[],
): PieceCut[] | undefined {
  const cuts: PieceCut[] = []
  let first = 0
  for (const payloadSize of payloadSizes) {
    if (first >= input.blocks) return undefined
    const bytes = payloadSize - input.leadOf(first) + input.startOf(first)
    const end = lastWhere(input, (block) => input.startOf(block) <= bytes)
    if (end <= first || payloadOf(input, first, end) !== payloadSize) return undefined
    cuts.push(cutOf(input, first, end))
    first = end
  }
  return first === input.blocks ? cuts : undefined
}

interface Way {
  readonly cuts: readonly PieceCut[]
  /** Bytes of its pieces, and what each costs beside. */
  readonly paid: number
}

/**
 * The cheapest way to cut what fits into one piece: from each place on, all that is left is one piece, or one of some smaller
 * size is filled and the rest is cut from there. Of two that cost the same it is the one whose piece is larger where they first differ.
 */
function cutRest(input: CutInput, first: number): readonly PieceCut[] {
  const { blocks, pieceSizeMax, pieceSizeMin = PIECE_BYTES_MIN, pieceCost = (pieceSizeMax ?? 0) / 16 } = input
  const whole = cutOf(input, first, blocks)
  if (pieceSizeMax === undefined) return [whole]
  const smallest = Math.max(pieceSizeMin, whole.pieceSize / REST_SHARES)
  const known = new Map<number, Way>()
  const wayFrom = (from: number): Way => {
    const before = known.get(from)
    if (before !== undefined) return before
    const rest = from === first ? whole : cutOf(input, from, blocks)
    const isTaken = from === first || rest.pieceSize >= pieceSizeMin
    let way: Way = { cuts: [rest], paid: isTaken ? rest.pieceSize + pieceCost : Number.POSITIVE_INFINITY }
    for (let size = rest.pieceSize / 2; size >= smallest; size /= 2) {
      const end = filled(input, from, size)
      if (end === from || end === blocks) continue
      const cut = cutOf(input, from, end)
      const after = wayFrom(end)
      const paid = cut.pieceSize + pieceCost + after.paid
      if (cut.pieceSize >= pieceSizeMin && paid < way.paid) way = { cuts: [cut, ...after.cuts], paid }
    }
    known.set(from, way)
    return way
  }
  return wayFrom(first).cuts
}

/** @returns behind the last block that fits into a piece which begins with `first`; `first` when not even that does */
function filled(input: CutInput, first: number, pieceSize: number): number {
  const bytesMax = payloadMax(pieceSize) - input.leadOf(first) + input.startOf(first)
  return Math.max(
    first,
    lastWhere(input, (block) => input.startOf(block) <= bytesMax),
  )
}

/** The last place up to which something is true; 0 when it is true nowhere. */
function lastWhere({ blocks }: Pick<CutInput, 'blocks'>, isTrue: (block: number) => boolean): number {
  let last = 0
  let tooFar = blocks + 1
  while (tooFar - last > 1) {
    const between = Math.floor((last + tooFar) / 2)
    if (isTrue(between)) last = between
    else tooFar = between
  }
  return last
}

function cutOf(input: Omit<CutInput, keyof CutSizes>, first: number, end: number): PieceCut {
  const payloadSize = payloadOf(input, first, end)
  return { first, end, payloadSize, pieceSize: paddedSizeOf(payloadSize) }
}

function payloadOf({ leadOf, startOf }: Omit<CutInput, keyof CutSizes>, first: number, end: number): number {
  return leadOf(first) + startOf(end) - startOf(first)
}

/** 127 bytes of every 128 are payload. */
function payloadMax(pieceSize: number): number {
  return (pieceSize / 128) * 127
}
