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

/** What fits into one piece: that piece, or one of half the size that is full, and what is left in the same way. */
function cutRest(input: CutInput, first: number): PieceCut[] {
  const { blocks, pieceSizeMax, pieceSizeMin = PIECE_BYTES_MIN, pieceCost = (pieceSizeMax ?? 0) / 16 } = input
  const whole = cutOf(input, first, blocks)
  const half = whole.pieceSize / 2
  const end = half < pieceSizeMin ? first : filled(input, first, half)
  if (pieceSizeMax === undefined || end === first || end === blocks) return [whole]
  const parts = [cutOf(input, first, end), ...cutRest(input, end)]
  const paid = (cuts: readonly PieceCut[]): number => cuts.reduce((sum, cut) => sum + cut.pieceSize + pieceCost, 0)
  return paid(parts) < paid([whole]) && parts.every(({ pieceSize }) => pieceSize >= pieceSizeMin) ? parts : [whole]
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
