/**
 * How an upload starts: with what the log of an earlier, interrupted one has, compared with the deals that the chain has now,
 * or with a new one.
 */
import type { DealState, DealView } from '@granary/protocol/client'
import { dealTermsFromJson, type Hash } from '@granary/protocol/messages'
import {
  apply,
  type Place,
  type Slot,
  type UploadEvent,
  type UploadPiece,
  type UploadState,
} from '../journal/upload-state.ts'
import type { Manifest } from '../ports.ts'
import { lostBy, type Reckoned } from './run-price.ts'

/** A running deal of this content counts as done; one in these states does not. */
export const ENDED: ReadonlySet<string> = new Set(['expired', 'lapsed', 'terminated', 'cancelled'])

/** Nobody has broken a deal in one of these. */
const WAS_KEPT: ReadonlySet<DealState> = new Set(['active', 'expired', 'cancelled'])

export interface UploadWanted extends Pick<Manifest, 'rootCid' | 'fileBytes'> {
  readonly pieces: readonly UploadPiece[]
  /** Undefined: one, or as many as an earlier upload of this content has. */
  readonly copies?: number | undefined
  readonly name: string
  /** Epochs; undefined: the default, or that of a deal for this content that runs already. */
  readonly duration: number | undefined
  readonly durationDefault: number
  /** Undefined: any provider, preferably that of an earlier run. */
  readonly provider: number | undefined
  /** Of this call; undefined: what the upload that is gone on with is to wait for. */
  readonly until?: 'published' | 'active' | undefined
  /** Another deal even though this content has one that runs. */
  readonly again: boolean
}

export interface AtStart {
  readonly genesisHash: Hash
  readonly height: number
  /** Of this account and this content, looked at after `height` was read: terms that had run out by it stay unpublished. */
  readonly deals: readonly DealView[]
  readonly wanted: UploadWanted
  /** What deals cost that have ended. */
  readonly reckoned: Reckoned
}

/** Pure: what has to be said of an earlier upload, so that it goes on as what is wanted now. */
export function eventsAtStart(earlier: UploadState | undefined, start: AtStart): UploadEvent[] {
  const { wanted, deals } = start
  const events: UploadEvent[] = []
  let state = earlier
  const say = (event: UploadEvent): UploadState => {
    events.push(event)
    state = apply(state, event)
    return state
  }
  if (earlier === undefined || isOther(earlier, wanted, deals)) say(opened(start))
  else {
    const { duration = wanted.durationDefault, until } = wanted
    if (until !== undefined && until !== earlier.until) say({ type: 'until:changed', until })
    // Before an agreement, the duration is that of this call.
    if (duration !== earlier.duration && !earlier.slots.some(hasTerms)) say({ type: 'duration:changed', duration })
    for (const [piece, { pieceCid }] of wanted.pieces.entries())
      if (pieceCid !== undefined && earlier.pieces[piece]?.pieceCid === undefined)
        say({ type: 'piece:named', piece, pieceCid })
    for (const [slot, found] of earlier.slots.entries())
      for (const event of compared(slot, found, start, (hasLapsed) =>
        lostBy(found, earlier.spending, start.reckoned, hasLapsed),
      ))
        say(event)
    const places = placesOf(wanted).filter(({ copy }) => copy >= copiesOf(earlier))
    if (places.length > 0) say({ type: 'places:added', places })
  }
  // Before a first agreement the chain has perhaps a deal that the journal does not have, or has lost.
  if (!wanted.again) for (const event of adoptions(state!, start)) say(event)
  return events
}

function opened({ genesisHash, wanted }: AtStart): UploadEvent {
  const { rootCid, name, fileBytes, pieces, duration = wanted.durationDefault, until } = wanted
  return {
    ...{ type: 'opened', genesisHash, rootCid, name, fileBytes, duration, until },
    pieces: pieces.map(({ payloadSize, pieceSize, pieceCid }) => ({
      payloadSize,
      pieceSize,
      ...(pieceCid === undefined ? {} : { pieceCid }),
    })),
    places: placesOf(wanted),
  }
}

/** Piece by piece, so that the first are whole before the last begin. */
function placesOf({ pieces, copies = 1 }: UploadWanted): Place[] {
  return pieces.flatMap((_, piece) => Array.from({ length: copies }, (_none, copy) => ({ piece, copy })))
}

export function copiesOf({ slots }: UploadState): number {
  return slots.reduce((most, { copy }) => Math.max(most, copy + 1), 0)
}

/** Whether the earlier upload is of no use for what is wanted now. */
function isOther(
  { slots, pieces, duration, until }: UploadState,
  wanted: UploadWanted,
  deals: readonly DealView[],
): boolean {
  const { provider } = wanted
  const isElsewhere = (slot: Slot) => provider !== undefined && slot.state !== 'vacant' && slot.provider !== provider
  return (
    pieces.length !== wanted.pieces.length ||
    pieces.some(({ payloadSize }, index) => payloadSize !== wanted.pieces[index]?.payloadSize) ||
    slots.some(isElsewhere) ||
    (wanted.duration !== undefined && wanted.duration !== duration && slots.some(hasTerms)) ||
    (wanted.again && slots.every((slot) => isDone(slot, until) && isActive(slot, deals)))
  )
}

/**
 * By the journal, which alone knows what was waited for: a deal that the chain has may be the one that an interrupted put is to
 * go on with.
 */
function isDone({ state }: Slot, until: UploadState['until']): boolean {
  return state === 'active' || (until === 'published' && state === 'published')
}

/** Also one that was not waited for until it was. */
function isActive(slot: Slot, deals: readonly DealView[]): boolean {
  return slot.state === 'active' || stateOnChain(slot, deals) === 'active'
}

function stateOnChain(slot: Slot, deals: readonly DealView[]): DealState | undefined {
  return 'terms' in slot ? deals.find(({ agreementId }) => agreementId === slot.agreementId)?.state : undefined
}

/** Whether nothing of it is left to be made, or to be made good: what is put after that is paid for anew. */
export function isOver(
  { slots, until }: UploadState,
  { deals, skipped }: { readonly deals: readonly DealView[]; readonly skipped: ReadonlySet<number> },
): boolean {
  return slots.every(
    (slot, index) =>
      skipped.has(index) || isDone(slot, until) || WAS_KEPT.has(stateOnChain(slot, deals) ?? 'published'),
  )
}

function hasTerms(slot: Slot): boolean {
  return 'terms' in slot
}

/** What the chain says of a slot's deal. @param lost what it has cost, if it has ended */
export function compared(
  slot: number,
  found: Slot,
  { deals, height }: Pick<AtStart, 'deals' | 'height'>,
  lost: (hasLapsed: boolean) => bigint,
): UploadEvent[] {
  if (!('terms' in found)) return []
  const deal = deals.find(({ agreementId }) => agreementId === found.agreementId)
  const isPublished = found.state === 'published' || found.state === 'active'
  if (deal !== undefined) {
    if (ENDED.has(deal.state)) return [{ type: 'slot:vacated', slot, lost: `${lost(deal.state === 'lapsed')}` }]
    return isPublished && found.dealId === deal.id ? [] : [{ type: 'slot:published', slot, dealId: deal.id }]
  }
  // The chain does not have the deal: it was rolled back behind it, or never had it.
  if (height >= Number(found.terms.validUntil)) return [{ type: 'slot:withdrawn', slot }]
  return isPublished ? [{ type: 'slot:unpublished', slot }] : []
}

/** Running deals of this content that are what slots without an agreement are for. */
function adoptions(state: UploadState, { deals, wanted }: AtStart): UploadEvent[] {
  const taken = new Set(state.slots.flatMap((slot) => ('terms' in slot ? [slot.agreementId] : [])))
  // Two copies of a piece with one provider are one copy.
  const holders = new Map<number, Set<number>>()
  for (const slot of state.slots)
    if ('terms' in slot) holders.set(slot.piece, new Set([...(holders.get(slot.piece) ?? []), slot.provider]))
  return state.slots.flatMap((found, slot): UploadEvent[] => {
    if ('terms' in found) return []
    const deal = deals.find(
      (other) =>
        !taken.has(other.agreementId) &&
        !(holders.get(found.piece)?.has(other.terms.provider) ?? false) &&
        isFor(other, state, found, wanted),
    )
    if (deal === undefined) return []
    const { agreementId, id: dealId, terms } = deal
    taken.add(agreementId)
    holders.set(found.piece, new Set([...(holders.get(found.piece) ?? []), terms.provider]))
    const adopted = { provider: terms.provider, terms, agreementId, dealId, active: deal.state === 'active' }
    return [
      { type: 'slot:adopted', slot, ...adopted },
      { type: 'piece:named', piece: found.piece, pieceCid: terms.pieceCid },
    ]
  })
}

function isFor(deal: DealView, { pieces }: UploadState, slot: Slot, { provider, duration }: UploadWanted): boolean {
  const terms = dealTermsFromJson(deal.terms)
  const { payloadSize, pieceCid = terms.pieceCid } = pieces[slot.piece]!
  return (
    !ENDED.has(deal.state) &&
    terms.payloadSize === payloadSize &&
    terms.pieceCid === pieceCid &&
    (provider === undefined || terms.provider === provider) &&
    (duration === undefined || terms.duration === duration)
  )
}
