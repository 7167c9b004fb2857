/**
 * Which deals go into which sector, and when a sector is closed and sealed. Pure: the runner does what it says and asks
 * again. Pieces are powers of two, each aligned to its own size: laid out larger first, they fit whenever their sizes
 * add up to no more than the sector (docs/spec/proofs.md, section 2).
 */
import { placePieces } from '@granary/proofs/verify'
import type { PlaceableDeal } from './port.ts'

/** As many as one PreCommitSectors may bind to a sector (docs/spec/chain.md, section 2). */
export const dealsPerSectorMax = 256

export type PiecePromise = Pick<PlaceableDeal, 'publishedAt' | 'activateBy'>

export interface FillingSector {
  readonly number: number
  readonly openedAtMs: number
  readonly pieces: readonly (Pick<PlaceableDeal, 'dealId' | 'paddedSize'> & PiecePromise)[]
}

export interface PlanInput {
  readonly sectorBytes: number
  /** How long the oldest piece waits for company. */
  readonly sealAfterMs: number
  readonly nowMs: number
  /** When the sector of a piece has to be closed for its deal to become active in time; undefined: that is not known. */
  readonly closeByMs: (promise: PiecePromise) => number | undefined
  readonly filling: readonly FillingSector[]
  readonly waiting: readonly PlaceableDeal[]
}

export type PlanAction =
  | { readonly type: 'refuse'; readonly deal: PlaceableDeal; readonly code: 'PIECE_LARGER_THAN_SECTOR' }
  | { readonly type: 'open'; readonly deals: readonly PlaceableDeal[] }
  | { readonly type: 'add'; readonly sector: number; readonly deals: readonly PlaceableDeal[] }
  /** Pieces in sector order, with their offsets in padded bytes. */
  | {
      readonly type: 'seal'
      readonly sector: number
      readonly layout: readonly { readonly dealId: number; readonly offset: number }[]
    }
  | { readonly type: 'wait'; readonly untilMs: number }

/** Places first; closing is decided in the next round, on what the sectors hold then. */
export function planSector(input: PlanInput): PlanAction[] {
  const placements = place(input)
  return placements.length > 0 ? placements : close(input)
}

function place({ sectorBytes, filling, waiting }: PlanInput): PlanAction[] {
  const refused: PlanAction[] = []
  const rooms: { sector: number | undefined; used: number; count: number; deals: PlaceableDeal[] }[] = filling.map(
    ({ number, pieces }) => ({ sector: number, used: usedBytes(pieces), count: pieces.length, deals: [] }),
  )
  for (const deal of waiting.toSorted(largerFirst)) {
    if (deal.paddedSize > sectorBytes) {
      refused.push({ type: 'refuse', deal, code: 'PIECE_LARGER_THAN_SECTOR' })
      continue
    }
    let room = rooms.find(({ used, count }) => used + deal.paddedSize <= sectorBytes && count < dealsPerSectorMax)
    if (room === undefined) {
      room = { sector: undefined, used: 0, count: 0, deals: [] }
      rooms.push(room)
    }
    room.used += deal.paddedSize
    room.count += 1
    room.deals.push(deal)
  }
  const placed = rooms
    .filter(({ deals }) => deals.length > 0)
    .map(
      ({ sector, deals }): PlanAction =>
        sector === undefined ? { type: 'open', deals } : { type: 'add', sector, deals },
    )
  return [...refused, ...placed]
}

function close({ sectorBytes, sealAfterMs, nowMs, closeByMs, filling }: PlanInput): PlanAction[] {
  const untilOf = ({ openedAtMs, pieces }: FillingSector): number =>
    Math.min(openedAtMs + sealAfterMs, ...pieces.flatMap((piece) => closeByMs(piece) ?? []))
  const ready = (sector: FillingSector): boolean =>
    usedBytes(sector.pieces) === sectorBytes || sector.pieces.length >= dealsPerSectorMax || untilOf(sector) <= nowMs
  const seals = filling.filter(ready).map((sector): PlanAction => {
    const pieces = sector.pieces.toSorted(largerFirst)
    const offsets = placePieces(
      pieces.map(({ paddedSize }) => paddedSize),
      sectorBytes,
    )
    const layout = pieces.map(({ dealId }, index) => ({ dealId, offset: offsets[index]! }))
    return { type: 'seal', sector: sector.number, layout }
  })
  const open = filling.filter((sector) => !ready(sector))
  if (open.length === 0) return seals
  const untilMs = Math.min(...open.map(untilOf))
  return [...seals, { type: 'wait', untilMs }]
}

function usedBytes(pieces: readonly { readonly paddedSize: number }[]): number {
  return pieces.reduce((sum, { paddedSize }) => sum + paddedSize, 0)
}

type Sized = Pick<PlaceableDeal, 'dealId' | 'paddedSize'>

function largerFirst(a: Sized, b: Sized): number {
  return b.paddedSize - a.paddedSize || a.dealId - b.dealId
}
