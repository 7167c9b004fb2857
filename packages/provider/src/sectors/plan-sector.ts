/**
 * Which deals go into which sector, and when a sector is closed and sealed. Pure: the runner does what it says and asks
 * again. Pieces are powers of two, each aligned to its own size: laid out larger first, they fit whenever their sizes
 * add up to no more than the sector (docs/spec/proofs.md, section 2).
 */
import type { ProfileName } from '@granary/proofs/profile'
import { placePieces } from '@granary/proofs/verify'
import type { PlaceableDeal } from './port.ts'

/** As many as one PreCommitSectors may bind to a sector (docs/spec/chain.md, section 2). */
export const dealsPerSectorMax = 256

export type PiecePromise = Pick<PlaceableDeal, 'publishedAt' | 'activateBy'>

/** One of those that this provider makes. */
export interface SectorSize {
  readonly profile: ProfileName
  readonly sectorBytes: number
}

export interface FillingSector {
  readonly number: number
  readonly size: SectorSize
  readonly openedAtMs: number
  readonly pieces: readonly (Pick<PlaceableDeal, 'dealId' | 'paddedSize'> & PiecePromise)[]
}

export interface PlanInput {
  /** The smallest first. */
  readonly sizes: readonly SectorSize[]
  /** How long the oldest piece waits for company. */
  readonly sealAfterMs: number
  readonly nowMs: number
  /** When the sector of a piece has to be closed for its deal to become active in time; undefined: that is not known. */
  readonly closeByMs: (promise: PiecePromise, size: SectorSize) => number | undefined
  readonly filling: readonly FillingSector[]
  readonly waiting: readonly PlaceableDeal[]
}

export type PlanAction =
  | { readonly type: 'refuse'; readonly deal: PlaceableDeal; readonly code: 'PIECE_LARGER_THAN_SECTOR' }
  | { readonly type: 'open'; readonly profile: ProfileName; readonly deals: readonly PlaceableDeal[] }
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

interface Opening {
  readonly sector: number | undefined
  readonly size: SectorSize
  used: number
  count: number
  readonly deals: PlaceableDeal[]
}

/**
 * What is open is filled up first. Of the rest as many of the largest sectors are opened as it fills; what is left goes into
 * the smallest that holds it. So many small pieces share a large sector, and a few do not wait for one.
 */
function place({ sizes, filling, waiting }: PlanInput): PlanAction[] {
  const largest = sizes.at(-1)?.sectorBytes ?? 0
  const refused = waiting.filter(({ paddedSize }) => paddedSize > largest)
  const rooms: Opening[] = filling.map(({ number, size, pieces }) => ({
    ...{ sector: number, size, used: usedBytes(pieces), count: pieces.length, deals: [] },
  }))
  let left = waiting.filter((deal) => !refused.includes(deal)).toSorted(largerFirst)
  left = left.filter((deal) => !takeIn(rooms, deal))
  for (const size of sizes.toReversed()) {
    for (let full = fullSector(left, size); full !== undefined; full = fullSector(left, size)) {
      rooms.push({ sector: undefined, size, used: size.sectorBytes, count: full.length, deals: [...full] })
      const taken = new Set(full)
      left = left.filter((deal) => !taken.has(deal))
    }
  }
  for (const deal of left) {
    if (takeIn(rooms, deal)) continue
    const size = sizes.find(({ sectorBytes }) => sectorBytes >= deal.paddedSize)!
    rooms.push({ sector: undefined, size, used: deal.paddedSize, count: 1, deals: [deal] })
  }
  const placed = rooms
    .filter(({ deals }) => deals.length > 0)
    .map(
      ({ sector, size, deals }): PlanAction =>
        sector === undefined ? { type: 'open', profile: size.profile, deals } : { type: 'add', sector, deals },
    )
  return [...refused.map((deal): PlanAction => ({ type: 'refuse', deal, code: 'PIECE_LARGER_THAN_SECTOR' })), ...placed]
}

/** Into the first one with room for it. */
function takeIn(rooms: readonly Opening[], deal: PlaceableDeal): boolean {
  const room = rooms.find(
    ({ size, used, count }) => used + deal.paddedSize <= size.sectorBytes && count < dealsPerSectorMax,
  )
  if (room === undefined) return false
  room.used += deal.paddedSize
  room.count += 1
  room.deals.push(deal)
  return true
}

/** Powers of two, the larger first, fill a sector to its end wherever there are enough of them. */
function fullSector(deals: readonly PlaceableDeal[], { sectorBytes }: SectorSize): PlaceableDeal[] | undefined {
  const taken: PlaceableDeal[] = []
  let used = 0
  for (const deal of deals) {
    if (deal.paddedSize > sectorBytes) continue
    taken.push(deal)
    used += deal.paddedSize
    if (used === sectorBytes) return taken
    if (taken.length === dealsPerSectorMax) return undefined
  }
  return undefined
}

function close({ sealAfterMs, nowMs, closeByMs, filling }: PlanInput): PlanAction[] {
  const untilOf = ({ openedAtMs, size, pieces }: FillingSector): number =>
    Math.min(openedAtMs + sealAfterMs, ...pieces.flatMap((piece) => closeByMs(piece, size) ?? []))
  const ready = (sector: FillingSector): boolean =>
    usedBytes(sector.pieces) === sector.size.sectorBytes ||
    sector.pieces.length >= dealsPerSectorMax ||
    untilOf(sector) <= nowMs
  const seals = filling.filter(ready).map((sector): PlanAction => {
    const pieces = sector.pieces.toSorted(largerFirst)
    const offsets = placePieces(
      pieces.map(({ paddedSize }) => paddedSize),
      sector.size.sectorBytes,
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
