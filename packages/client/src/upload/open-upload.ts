/**
 * How an upload starts: with what the log of an earlier, interrupted one has, compared with the deals that the chain has now,
 * or with a new one.
 */
import type { ChainStatus, DealView } from '@granary/protocol/client'
import { dealTermsFromJson, type Hash } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { UploadLog } from '../journal/create-upload-log.ts'
import { apply, type Place, type Slot, type UploadEvent, type UploadState } from '../journal/upload-state.ts'
import type { Manifest, Ports } from '../ports.ts'

/** A running deal of this content counts as done; one in these states does not. */
const ENDED: ReadonlySet<string> = new Set(['expired', 'lapsed', 'terminated', 'cancelled'])

export interface UploadWanted extends Pick<Manifest, 'rootCid' | 'fileBytes' | 'pieces'> {
  readonly name: string
  /** Epochs; undefined: the default, or that of a deal for this content that runs already. */
  readonly duration: number | undefined
  readonly durationDefault: number
  /** Undefined: any provider, preferably that of an earlier run. */
  readonly provider: number | undefined
  /** Another deal even though this content has one that runs. */
  readonly again: boolean
}

/** Resolves when the log has what the upload goes on from: nothing of it has left this machine before. */
export async function openUpload(
  { chain, account }: Pick<Ports, 'chain' | 'account'>,
  status: ChainStatus,
  log: UploadLog,
  wanted: UploadWanted,
  options: CallOptions,
): Promise<void> {
  // `status` is older than this look at the deals, so terms that have run out by it can never be published any more.
  const deals: DealView[] = []
  for await (const deal of chain.deals({ rootCid: wanted.rootCid }, options))
    if (deal.terms.client === account.address) deals.push(deal)
  const { genesisHash, height } = status
  for (const event of eventsAtStart(log.state, { genesisHash, height, deals, wanted })) await log.append(event)
}

export interface AtStart {
  readonly genesisHash: Hash
  readonly height: number
  /** Of this account and this content. */
  readonly deals: readonly DealView[]
  readonly wanted: UploadWanted
}

/** Pure: what has to be said of an earlier upload, so that it goes on as what is wanted now. */
export function eventsAtStart(earlier: UploadState | undefined, start: AtStart): UploadEvent[] {
  const { wanted, deals, height } = start
  const events: UploadEvent[] = []
  let state = earlier
  const say = (event: UploadEvent): UploadState => {
    events.push(event)
    state = apply(state, event)
    return state
  }
  if (earlier === undefined || isOther(earlier, wanted)) say(opened(start))
  else {
    const { duration = wanted.durationDefault } = wanted
    // Before an agreement, the duration is that of this call.
    if (duration !== earlier.duration && !earlier.slots.some(hasTerms)) say({ type: 'duration:changed', duration })
    for (const [slot, { ...found }] of earlier.slots.entries())
      for (const event of compared(slot, found, deals, height)) say(event)
  }
  // Before a first agreement the chain has perhaps a deal that the journal does not have, or has lost.
  if (!wanted.again) for (const event of adoptions(state!, start)) say(event)
  return events
}

function opened({ genesisHash, wanted }: AtStart): UploadEvent {
  const { rootCid, name, fileBytes, pieces, duration = wanted.durationDefault } = wanted
  const places: Place[] = pieces.map((_, piece) => ({ piece, copy: 0 }))
  return { type: 'opened', genesisHash, rootCid, name, fileBytes, duration, pieces: [...pieces], places }
}

/** Whether the earlier upload is of no use for what is wanted now. */
function isOther({ slots, pieces, duration }: UploadState, wanted: UploadWanted): boolean {
  const { provider } = wanted
  const isElsewhere = (slot: Slot) => provider !== undefined && slot.state !== 'vacant' && slot.provider !== provider
  return (
    pieces.length !== wanted.pieces.length ||
    pieces.some(({ payloadSize }, index) => payloadSize !== wanted.pieces[index]?.payloadSize) ||
    slots.some(isElsewhere) ||
    (wanted.duration !== undefined && wanted.duration !== duration && slots.some(hasTerms)) ||
    (wanted.again && slots.every(({ state }) => state === 'active'))
  )
}

function hasTerms(slot: Slot): boolean {
  return 'terms' in slot
}

/** What the chain says of a slot's deal. */
function compared(slot: number, found: Slot, deals: readonly DealView[], height: number): UploadEvent[] {
  if (!('terms' in found)) return []
  const deal = deals.find(({ agreementId }) => agreementId === found.agreementId)
  const isPublished = found.state === 'published' || found.state === 'active'
  if (deal !== undefined) {
    if (ENDED.has(deal.state)) return [{ type: 'slot:vacated', slot }]
    return isPublished && found.dealId === deal.id ? [] : [{ type: 'slot:published', slot, dealId: deal.id }]
  }
  // The chain does not have the deal: it was rolled back behind it, or never had it.
  if (height >= Number(found.terms.validUntil)) return [{ type: 'slot:withdrawn', slot }]
  return isPublished ? [{ type: 'slot:unpublished', slot }] : []
}

/** Running deals of this content that are what slots without an agreement are for. */
function adoptions(state: UploadState, { deals, wanted }: AtStart): UploadEvent[] {
  const taken = new Set(state.slots.flatMap((slot) => ('terms' in slot ? [slot.agreementId] : [])))
  return state.slots.flatMap((found, slot): UploadEvent[] => {
    if ('terms' in found) return []
    const deal = deals.find((other) => !taken.has(other.agreementId) && isFor(other, state, found, wanted))
    if (deal === undefined) return []
    const { agreementId, id: dealId, terms } = deal
    taken.add(agreementId)
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
