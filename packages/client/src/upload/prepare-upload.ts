/**
 * All of an upload that spends nothing and tells nobody: the source is read, an earlier upload of it is found and compared with
 * the chain, and what is still to be stored gets a plan and a price.
 */

import type { AskView, ChainStatus, DealView } from '@granary/protocol/client'
import { epochTimeMs } from '@granary/protocol/epochs'
import { orderPriceMax } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Duration } from '../duration.ts'
import { epochAt, epochsOf } from '../epochs-of.ts'
import type { UploadLog } from '../journal/create-upload-log.ts'
import { apply, type Slot, type UploadEvent, type UploadPiece, type UploadState } from '../journal/upload-state.ts'
import { durationDefault } from '../plan/duration-default.ts'
import { type PlannedSlot, planUpload } from '../plan/plan-upload.ts'
import { feesOfDeal, priceUpload } from '../plan/price-upload.ts'
import type { Manifest, Ports, Source } from '../ports.ts'
import { pricePerEpochOf } from '../providers/price-per-epoch-of.ts'
import { type Survey, surveyProviders } from '../providers/survey-providers.ts'
import { copiesOf, eventsAtStart, isOver, type UploadWanted } from './events-at-start.ts'
import { isGoneOnWith } from './is-gone-on-with.ts'
import { ownUpload } from './own-upload.ts'
import { pathOf } from './path-of.ts'
import { createPieceNaming } from './piece-naming.ts'
import type { PutProgress } from './put-progress.ts'
import type { Reckoned } from './run-price.ts'
import { isPriced, type OrderWanted, orderOf, priceOf } from './slot-price.ts'
import { stage } from './stage.ts'
import { type UploadQuote, uploadQuote } from './upload-quote.ts'
import type { UploadRun } from './upload-run.ts'
import { type TermsWanted, withoutEffect } from './without-effect.ts'

/** What was learnt of providers so long ago is asked for again. */
const SURVEY_MS = 10_000

export interface PrepareOptions extends CallOptions, TermsWanted {
  readonly duration?: Duration | undefined
  readonly copies?: number | undefined
  readonly provider?: number | undefined
  readonly until?: 'published' | 'active' | undefined
  readonly report: (progress: PutProgress) => void
}

export interface Prepared extends AsyncDisposable {
  readonly status: ChainStatus
  readonly order: OrderWanted
  readonly manifest: Manifest
  readonly log: UploadLog
  /** What the log is to be told before anything else. */
  readonly events: readonly UploadEvent[]
  /** With these events. */
  readonly state: UploadState
  /** Slots of an earlier upload that had more copies, and whose deals are not made. */
  readonly skipped: ReadonlySet<number>
  /** Providers for the slots that have none. */
  readonly planned: readonly PlannedSlot[]
  readonly quote: UploadQuote
  readonly feesPerDeal: bigint
  readonly dealFees: UploadRun['dealFees']
  /** Something of an earlier upload is gone on with that was left to be made, or made good. */
  readonly isInterrupted: boolean
  /** All that is wanted was made by an earlier upload, which is over. */
  readonly isMade: boolean
  readonly survey: (options: CallOptions) => Promise<Survey>
  /** All of the account. */
  readonly dealsOf: (options: CallOptions) => Promise<readonly DealView[]>
  /** The events that the log needs after the chain was rolled back. */
  readonly compare: (options: CallOptions) => Promise<readonly UploadEvent[]>
}

/** @throws TIME_INVALID, OrderTooShortError, PutRunningError, PieceTooLargeError, NoProviderError, JournalInvalidError, and what reading the source throws */
export async function prepareUpload<S extends Source>(
  ports: Ports<S>,
  source: S,
  options: PrepareOptions,
): Promise<Prepared> {
  const { signal, report, collateralShareBps, provider } = options
  const call: CallOptions = { signal }
  const { chain, account, clock, fetch } = ports
  const [status, sizes] = await Promise.all([chain.status(call), pieceSizes(chain, options)])
  const { genesisHash, blockTimeMs } = status
  const order = orderWanted(options.renewUntil, status)
  const duration = options.duration && epochsOf(options.duration, 'duration', status)
  await using stack = new AsyncDisposableStack()
  const own = (found: UploadState | undefined) => ownUpload(found, account.address)
  const ownOf = async (cid: string) => own(await ports.journal.read(genesisHash, cid))
  const dealsOf = (options: CallOptions, rootCid?: string) =>
    Array.fromAsync(chain.deals({ client: account.address, rootCid }, options))
  const payloadSizesOf = async (cid: string) => cutsToKeep(await ownOf(cid), sizes)
  const isGoing = async (cid: string): Promise<boolean> =>
    isGoneOnWith(await ownOf(cid), await dealsOf(call, cid), status.height)
  const isLeftOut = async (alone: string, wrapped: string): Promise<boolean> =>
    source.wrap?.isDefault === true && (await isGoing(alone)) && !(await isGoing(wrapped))
  const manifest = stack.use(await stage(ports, source, { ...call, ...sizes, payloadSizesOf, isLeftOut }))
  const { rootCid, fileBytes, blocks } = manifest
  report({ type: 'import:done', rootCid, path: pathOf(manifest), fileBytes, blocks })
  if (source.wrap !== undefined && manifest.name === undefined)
    report({ type: 'name:left-out', name: source.wrap.name, rootCid })
  const { pieceSizeMax } = sizes
  // Nothing is cut that is one block.
  const log = stack.use(await ports.journal.open(genesisHash, rootCid))
  const earlier = own(log.state)
  const large = manifest.pieces.find(({ pieceSize }) => pieceSizeMax !== undefined && pieceSize > pieceSizeMax)
  if (large !== undefined && cutsToKeep(earlier, sizes) === undefined)
    throw new (await import('./piece-too-large.ts')).PieceTooLargeError(
      source,
      large.payloadSize,
      large.pieceSize,
      pieceSizeMax!,
    )

  const [fees, params] = await Promise.all([chain.fees(call), chain.params(call)])
  const reckoned: Reckoned = { order, feesPerDeal: feesOfDeal({ fees, params }), dealFees: new Map() }
  const ownDeals = await dealsOf(call)
  const wanted: UploadWanted = {
    ...{ name: source.name, rootCid, fileBytes, duration, copies: options.copies, provider },
    pieces: await named(ports, manifest, earlier, ownDeals, call),
    durationDefault: durationDefault(status),
    again: options.again ?? false,
    until: options.until,
  }
  const start = (known: UploadState | undefined, height: number, deals: readonly DealView[]) =>
    eventsAtStart(known, {
      genesisHash,
      height,
      deals: deals.filter(({ terms }) => terms.rootCid === rootCid),
      wanted,
      reckoned,
    })
  const events = start(earlier, status.height, ownDeals)
  const state = events.reduce<UploadState | undefined>(apply, earlier)!
  if (order.until !== 0 && order.until <= status.height + state.duration) {
    const { OrderTooShortError } = await import('./order-too-short.ts')
    throw new OrderTooShortError(options.renewUntil!, new Date(epochTimeMs(status.height + state.duration, status)))
  }
  const { copies = copiesOf(state) } = options
  const skipped = new Set(
    state.slots.flatMap((slot, index) => (slot.copy >= copies && !('terms' in slot) ? [index] : [])),
  )

  const refused = new Set<number>()
  let surveyed: { readonly atMs: number; readonly survey: Promise<Survey> } | undefined
  const survey = (later: CallOptions): Promise<Survey> => {
    const isFresh = surveyed !== undefined && clock.nowMs() - surveyed.atMs < SURVEY_MS
    if (isFresh) return surveyed!.survey
    const asked = surveyProviders(
      {
        ...{ chain, clock, fetch, genesisHash, deals: ownDeals },
        wanted: { duration: state.duration, collateralShareBps, provider },
        pieceSizes: new Set(state.pieces.map(({ pieceSize }) => pieceSize)),
        // One more than the copies, so that there is somebody to choose.
        enough: copies + 1,
        awaited: new Set(state.slots.flatMap((slot) => (slot.state === 'vacant' ? [] : [slot.provider]))),
        onRefused(refusal) {
          if (!refused.has(refusal.provider)) report({ type: 'provider:refused', ...refusal })
          refused.add(refusal.provider)
        },
      },
      later,
    )
    surveyed = { atMs: clock.nowMs(), survey: asked }
    // Who could not be asked now is asked again by the next that needs it.
    asked.catch(() => {
      surveyed = undefined
    })
    return asked
  }

  const waiting = state.slots.flatMap((slot, index) =>
    skipped.has(index) || slot.state === 'published' || slot.state === 'active' ? [] : [index],
  )
  const found = waiting.length === 0 ? undefined : await survey(call)
  const open = found === undefined ? [] : waiting.filter((index) => needsProvider(state.slots[index]!, found))
  const planned =
    found === undefined
      ? []
      : planUpload({ ...planInput(state, open), ...found, collateralShareBps, renewUntil: order.until, provider })
  const slots = waiting.map((index) => planned.find(({ slot }) => slot === index) ?? begun(state, index, found!, order))
  const durationMs = state.duration * blockTimeMs
  const following = state.slots.flatMap((slot, index) =>
    slot.state !== 'published' || skipped.has(index) ? [] : [slot.provider],
  )
  const unproven = options.until === 'published' ? [] : [...following, ...slots.map((slot) => slot.provider)]
  const price = priceUpload({ slots, unproven, pieces: state.pieces, fileBytes, durationMs, fees, params })
  const pieces = manifest.pieces.map(({ payloadSize, pieceSize }) => ({ payloadSize, pieceSize }))
  const renewUntil = latestOrder(
    waiting.map((index) => state.slots[index]!),
    order,
  )
  const renewUntilMs = renewUntil && epochTimeMs(renewUntil, status)
  const isInterrupted = earlier !== undefined && !isOver(earlier, { deals: ownDeals, skipped })
  const isMade = slots.length === 0 && !isInterrupted
  const quote = uploadQuote(
    {
      ...{ rootCid, fileBytes, pieces, copies, duration: state.duration, durationMs, renewUntil, renewUntilMs },
      withoutEffect: withoutEffect(options, { order, skipped, isMade }, state),
    },
    slots,
    price,
  )
  const kept = stack.move()
  return {
    ...{ status, order, manifest, log, events, state, skipped, planned, quote, survey, dealsOf },
    ...{ feesPerDeal: reckoned.feesPerDeal, dealFees: reckoned.dealFees },
    isInterrupted,
    isMade,
    async compare(later) {
      const { height } = await chain.status(later)
      return start(log.state, height, await dealsOf(later))
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/**
 * Bytes of the CARs of an earlier upload that is gone on with. Where it has made deals they are paid for, though nobody takes
 * such pieces any more: cut in another way, all of the content would be paid for again.
 */
function cutsToKeep(earlier: UploadState | undefined, sizes: PieceSizes): readonly number[] | undefined {
  if (earlier === undefined) return undefined
  const { pieceSizeMin = 0, pieceSizeMax = Number.POSITIVE_INFINITY } = sizes
  const isTaken = earlier.pieces.every(({ pieceSize }) => pieceSize >= pieceSizeMin && pieceSize <= pieceSizeMax)
  const isKept = isTaken || earlier.slots.some((slot) => 'terms' in slot)
  return isKept ? earlier.pieces.map(({ payloadSize }) => payloadSize) : undefined
}

interface PieceSizes {
  readonly pieceSizeMax?: number
  readonly pieceSizeMin?: number
}

/** Pieces are cut so that as many providers as there are to be copies take them all. */
async function pieceSizes(
  chain: Ports['chain'],
  { copies = 1, provider, signal }: PrepareOptions,
): Promise<PieceSizes> {
  const asks: AskView[] = []
  for await (const { id, ask } of chain.providers({ signal }))
    if (ask !== null && (provider === undefined || id === provider)) asks.push(ask)
  const taking = asks.sort((a, b) => b.pieceSizeMax - a.pieceSizeMax).slice(0, copies)
  if (taking.length === 0) return {}
  const pieceSizeMax = 2 ** Math.floor(Math.log2(Math.min(...taking.map((ask) => ask.pieceSizeMax))))
  const pieceSizeMin = 2 ** Math.ceil(Math.log2(Math.max(...taking.map((ask) => ask.pieceSizeMin), 128)))
  return { pieceSizeMax, pieceSizeMin: Math.min(pieceSizeMin, pieceSizeMax) }
}

/**
 * With their piece CIDs where a deal of this account that is not in the log may be one of them: two pieces of the same size
 * are told apart by nothing else.
 */
async function named(
  { spool, hasher }: Pick<Ports, 'spool' | 'hasher'>,
  { rootCid, pieces }: Manifest,
  earlier: UploadState | undefined,
  deals: readonly DealView[],
  options: CallOptions,
): Promise<readonly UploadPiece[]> {
  const known = new Set(earlier?.slots.flatMap((slot) => ('terms' in slot ? [slot.agreementId] : [])))
  const isStrange = deals.some(({ terms, agreementId }) => terms.rootCid === rootCid && !known.has(agreementId))
  if (!isStrange || pieces.length === 1) return pieces
  const result: UploadPiece[] = []
  for (const [index, piece] of pieces.entries()) {
    await using car = await spool.open(rootCid, index)
    const pieceCid = earlier?.pieces[index]?.pieceCid ?? (await createPieceNaming(await hasher()).finish(car, options))
    result.push({ ...piece, pieceCid })
  }
  return result
}

function planInput({ pieces, slots, duration }: UploadState, open: readonly number[]) {
  const places = slots.map((slot) => ({
    piece: slot.piece,
    copy: slot.copy,
    provider: slot.state === 'vacant' ? undefined : slot.provider,
  }))
  return { pieces, slots: places, open, duration }
}

/** A provider that the chain has no more, or no ask of, has no price that a person could agree to. */
function needsProvider(slot: Slot, { providers }: Survey): boolean {
  if (slot.state !== 'chosen') return slot.state === 'vacant'
  return !providers.some(({ id, ask }) => id === slot.provider && ask !== null)
}

/** A slot that an earlier run has begun, as if it had been planned. */
function begun(
  { slots, pieces, duration }: UploadState,
  index: number,
  { providers }: Survey,
  order: OrderWanted,
): PlannedSlot {
  const slot = slots[index]!
  if (slot.state === 'vacant') throw new RangeError(`slot ${index} was not planned`)
  const view = providers.find(({ id }) => id === slot.provider)
  const priced = (): Pick<PlannedSlot, 'price' | 'order'> => {
    if (isPriced(slot)) return { price: priceOf(slot), order: orderOf(slot, order) }
    if (view === undefined) throw new RangeError(`slot ${index} was not planned`)
    const pricePerEpoch = pricePerEpochOf(view, pieces[slot.piece]!.pieceSize)
    const extended = orderPriceMax({ pricePerEpoch, duration, extendableUntil: order.until }, order.from)
    return { price: pricePerEpoch * BigInt(duration), order: extended }
  }
  return {
    ...{ slot: index, piece: slot.piece, copy: slot.copy, provider: slot.provider, name: view?.name ?? '' },
    ...priced(),
    score: 100,
    reasons: ['an earlier run has begun there'],
    shares: [],
  }
}

/** Terms that an earlier run has made are published as they are, whatever is wanted now. */
function latestOrder(waiting: readonly Slot[], { until }: OrderWanted): number | null {
  const orders = waiting.map((slot) => ('terms' in slot ? Number(slot.terms.extendableUntil ?? 0) : until))
  return Math.max(0, ...orders) || null
}

/** @throws TIME_INVALID */
function orderWanted(renewUntil: Date | undefined, status: ChainStatus): OrderWanted {
  const from = status.height
  return { until: renewUntil === undefined ? 0 : Math.max(1, epochAt(renewUntil, 'renewUntil', status)), from }
}
