/**
 * An upload as data: one content, cut into pieces, each piece in as many slots as there are to be copies of it. A slot is
 * one deal with one provider, and goes its way alone. What happens to an upload are events; `apply` says what an event makes
 * of the state, so that the events in a journal, applied in order, give the state that a killed process had.
 */
import type { Hex } from '@granary/base'
import type { DealTermsJson, Hash, QuoteJson } from '@granary/protocol/messages'

/** An upload as its events have made it. */
export interface UploadState {
  readonly genesisHash: Hash
  readonly rootCid: string
  /** What the source was called, such as its path: only for the reader of a list. */
  readonly name: string
  readonly fileBytes: number
  /** Epochs. */
  readonly duration: number
  /** What the last run of it that said so waited for. */
  readonly until?: 'published' | 'active' | undefined
  readonly pieces: readonly UploadPiece[]
  readonly slots: readonly Slot[]
  /** Absent before anything was to be paid. */
  readonly spending?: Spending | undefined
}

/** What somebody has agreed to spend, in attoGRN in decimal. */
export interface Spending {
  /** Null: any price will do. */
  readonly maxPrice: string | null
  /** Agreements whose deals were on the chain before: they are no part of it. */
  readonly paid: readonly Hash[]
  /** What deals cost that have ended since without being kept; less than nothing where more came back, of those before. */
  readonly lost: string
}

/** Bytes of the content that make one deal a copy: a CAR. */
export interface UploadPiece {
  readonly payloadSize: number
  /** Padded. */
  readonly pieceSize: number
  /** Known when all of its bytes have been hashed. */
  readonly pieceCid?: string | undefined
}

/** Which piece, and which of its copies. */
export interface Place {
  readonly piece: number
  readonly copy: number
}

/** One copy of one piece: a deal with one provider, and how far it is. */
export type Slot = Place & SlotState

interface Agreement {
  readonly provider: number
  readonly terms: DealTermsJson
  /** The digest of the terms. */
  readonly agreementId: Hash
  /** Absent of a deal that was found on the chain. */
  readonly providerSignature?: Hex | undefined
}

/** How far a slot is, and what is known of it by then. */
export type SlotState =
  | { readonly state: 'vacant' }
  /** An upload that was begun there under an earlier quote is gone on with. */
  | { readonly state: 'chosen'; readonly provider: number; readonly uploadUrl?: string | undefined }
  | {
      readonly state: 'quoted'
      readonly provider: number
      readonly quote: QuoteJson
      readonly uploadUrl?: string | undefined
    }
  /** The provider has all bytes. */
  | { readonly state: 'uploaded'; readonly provider: number; readonly quote: QuoteJson; readonly uploadUrl: string }
  /** The provider may have signed the terms. */
  | {
      readonly state: 'offered'
      readonly provider: number
      readonly quote: QuoteJson
      readonly uploadUrl: string
      readonly terms: DealTermsJson
      readonly agreementId: Hash
    }
  /** The terms may be on the chain. */
  | (Agreement & {
      readonly state: 'agreed'
      readonly uploadUrl?: string | undefined
      readonly providerSignature: Hex
    })
  | (Agreement & { readonly state: 'published'; readonly dealId: number; readonly uploadUrl?: string | undefined })
  | (Agreement & { readonly state: 'active'; readonly dealId: number; readonly uploadUrl?: string | undefined })

/** What happens to an upload, as it stands in the journal. */
export type UploadEvent =
  /** Takes the place of all that was. */
  | {
      readonly type: 'opened'
      readonly genesisHash: Hash
      readonly rootCid: string
      readonly name: string
      readonly fileBytes: number
      readonly duration: number
      readonly until?: 'published' | 'active' | undefined
      readonly pieces: readonly UploadPiece[]
      readonly places: readonly Place[]
    }
  /** From now on, for what is not on the chain yet. `inAll`: for what was agreed to before and is gone on with, as well. */
  | { readonly type: 'price:agreed'; readonly maxPrice: string | null; readonly inAll?: boolean | undefined }
  /** A message of it has failed in a block. */
  | { readonly type: 'fee:burnt'; readonly lost: string }
  /** Another run of it waits for something else. */
  | { readonly type: 'until:changed'; readonly until: 'published' | 'active' }
  | { readonly type: 'places:added'; readonly places: readonly Place[] }
  | { readonly type: 'duration:changed'; readonly duration: number }
  | { readonly type: 'piece:named'; readonly piece: number; readonly pieceCid: string }
  | { readonly type: 'slot:chosen'; readonly slot: number; readonly provider: number }
  | { readonly type: 'slot:quoted'; readonly slot: number; readonly quote: QuoteJson }
  | { readonly type: 'slot:upload-opened'; readonly slot: number; readonly uploadUrl: string }
  | { readonly type: 'slot:uploaded'; readonly slot: number }
  | { readonly type: 'slot:offered'; readonly slot: number; readonly terms: DealTermsJson; readonly agreementId: Hash }
  | { readonly type: 'slot:agreed'; readonly slot: number; readonly providerSignature: Hex }
  | { readonly type: 'slot:published'; readonly slot: number; readonly dealId: number }
  | { readonly type: 'slot:active'; readonly slot: number }
  /** A deal of this account that runs is what the slot is for: made elsewhere, or before a journal was lost. */
  | {
      readonly type: 'slot:adopted'
      readonly slot: number
      readonly provider: number
      readonly terms: DealTermsJson
      readonly agreementId: Hash
      readonly dealId: number
      readonly active: boolean
    }
  /** Quote and terms are to be made anew, since nobody can publish these: the upload stays. */
  | { readonly type: 'slot:withdrawn'; readonly slot: number }
  /** The chain was rolled back behind the deal. */
  | { readonly type: 'slot:unpublished'; readonly slot: number }
  /** Its deal has ended. `lost`: what it has cost of what was agreed to, in attoGRN; less than nothing: what came back. */
  | { readonly type: 'slot:vacated'; readonly slot: number; readonly lost?: string | undefined }

/** An event that cannot happen in this state: the events are not those of one upload. */
export class EventOutOfPlaceError extends Error {
  constructor(event: UploadEvent['type'], state: string) {
    super(`${event} does not follow on ${state}`)
  }
}

/** @throws EventOutOfPlaceError */
export function apply(state: UploadState | undefined, event: UploadEvent): UploadState {
  if (event.type === 'opened') {
    const { type: _type, places, ...content } = event
    return { ...content, slots: places.map(vacant) }
  }
  if (state === undefined) throw new EventOutOfPlaceError(event.type, 'nothing')
  switch (event.type) {
    case 'price:agreed': {
      const { maxPrice, inAll } = event
      if (inAll && state.spending !== undefined) return { ...state, spending: { ...state.spending, maxPrice } }
      const paid = state.slots.flatMap((slot) => ('dealId' in slot ? [slot.agreementId] : []))
      return { ...state, spending: { maxPrice, paid, lost: '0' } }
    }
    case 'slot:vacated':
      return { ...withLost(state, event.lost), slots: replaced(state.slots, event.slot, event, vacant) }
    case 'fee:burnt':
      return withLost(state, event.lost)
    case 'places:added':
      return { ...state, slots: [...state.slots, ...event.places.map(vacant)] }
    case 'until:changed':
      return { ...state, until: event.until }
    case 'duration:changed':
      return { ...state, duration: event.duration, slots: state.slots.map(withoutQuote) }
    case 'piece:named':
      return { ...state, pieces: replaced(state.pieces, event.piece, event, (piece) => named(piece, event.pieceCid)) }
    default:
      return { ...state, slots: replaced(state.slots, event.slot, event, (slot) => moved(slot, event)) }
  }
}

function withLost(state: UploadState, more = '0'): UploadState {
  const { spending } = state
  return spending === undefined
    ? state
    : { ...state, spending: { ...spending, lost: `${BigInt(spending.lost) + BigInt(more)}` } }
}

function vacant({ piece, copy }: Place): Slot {
  return { piece, copy, state: 'vacant' }
}

function named(piece: UploadPiece, pieceCid: string): UploadPiece {
  return { ...piece, pieceCid }
}

function replaced<T>(items: readonly T[], index: number, event: UploadEvent, change: (item: T) => T): readonly T[] {
  const item = items[index]
  if (item === undefined) throw new EventOutOfPlaceError(event.type, `an upload without number ${index}`)
  return items.with(index, change(item))
}

type SlotEvent = Exclude<Extract<UploadEvent, { readonly slot: number }>, { readonly type: 'slot:vacated' }>

function moved(slot: Slot, event: SlotEvent): Slot {
  const { piece, copy } = slot
  const next = nextState(slot, event)
  if (next === undefined) throw new EventOutOfPlaceError(event.type, slot.state)
  return { piece, copy, ...next }
}

function nextState(slot: Slot, event: SlotEvent): SlotState | undefined {
  switch (event.type) {
    case 'slot:chosen':
      return isSigned(slot) ? undefined : { state: 'chosen', provider: event.provider }
    case 'slot:quoted':
      return quoted(slot, event.quote)
    case 'slot:upload-opened':
      // The provider may have lost an upload that was whole.
      if (slot.state !== 'quoted' && slot.state !== 'uploaded') return undefined
      return { state: 'quoted', provider: slot.provider, quote: slot.quote, uploadUrl: event.uploadUrl }
    case 'slot:uploaded': {
      if (slot.state !== 'quoted' || slot.uploadUrl === undefined) return undefined
      const { provider, quote, uploadUrl } = slot
      return { state: 'uploaded', provider, quote, uploadUrl }
    }
    case 'slot:offered': {
      if (slot.state !== 'uploaded') return undefined
      const { provider, quote, uploadUrl } = slot
      return { state: 'offered', provider, quote, uploadUrl, terms: event.terms, agreementId: event.agreementId }
    }
    case 'slot:agreed': {
      if (slot.state !== 'offered') return undefined
      const { provider, uploadUrl, terms, agreementId } = slot
      return { state: 'agreed', provider, uploadUrl, terms, agreementId, providerSignature: event.providerSignature }
    }
    case 'slot:published':
      return published(slot, event.dealId)
    case 'slot:active':
      return slot.state === 'published' ? { ...slot, state: 'active' } : undefined
    case 'slot:adopted': {
      if (isSigned(slot)) return undefined
      const { provider, terms, agreementId, dealId } = event
      return { state: event.active ? 'active' : 'published', provider, terms, agreementId, dealId }
    }
    case 'slot:withdrawn':
      return slot.state === 'vacant' ? undefined : withdrawn(slot)
    case 'slot:unpublished':
      return unpublished(slot)
  }
}

/** Terms that both sides may have signed are never given up by choosing another provider. */
function isSigned({ state }: Slot): boolean {
  return state === 'agreed' || state === 'published' || state === 'active'
}

function quoted(slot: Slot, quote: QuoteJson): SlotState | undefined {
  if (slot.state !== 'chosen' && slot.state !== 'quoted' && slot.state !== 'uploaded') return undefined
  const { provider, uploadUrl } = slot
  return slot.state === 'uploaded' ? { ...slot, quote } : { state: 'quoted', provider, quote, uploadUrl }
}

function published(slot: Slot, dealId: number): SlotState | undefined {
  if (slot.state === 'offered') {
    const { provider, uploadUrl, terms, agreementId } = slot
    return { state: 'published', provider, uploadUrl, terms, agreementId, dealId }
  }
  return isSigned(slot) ? ({ ...slot, state: 'published', dealId } as SlotState) : undefined
}

function unpublished(slot: Slot): SlotState | undefined {
  if (slot.state !== 'published' && slot.state !== 'active') return undefined
  const { provider, uploadUrl, terms, agreementId, providerSignature } = slot
  return providerSignature === undefined
    ? { state: 'chosen', provider, uploadUrl }
    : { state: 'agreed', provider, uploadUrl, terms, agreementId, providerSignature }
}

function withdrawn({ provider, uploadUrl }: Exclude<Slot, { state: 'vacant' }>): SlotState {
  return { state: 'chosen', provider, uploadUrl }
}

/** A quote is for a duration; where terms may be signed, their duration stands. */
function withoutQuote(slot: Slot): Slot {
  if (slot.state !== 'quoted' && slot.state !== 'uploaded') return slot
  const { piece, copy } = slot
  return { piece, copy, ...withdrawn(slot) }
}
